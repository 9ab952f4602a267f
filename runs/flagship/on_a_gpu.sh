#!/bin/bash
# Goes on with the flagship on a machine with a GPU: two commands from the root, each within ten minutes,
#   OUT=FOLDER bash runs/flagship/on_a_gpu.sh train MINUTES [cuda|cpu]
#   OUT=FOLDER bash runs/flagship/on_a_gpu.sh fit MINUTES [cuda|cpu [ROWS]]
# The first trains on from the shipped weights; the second collects data sets for so many minutes, fits the read-out
# to them, and times bulk estimates. $RUN keeps what is between them. OUT gets the state to resume, results.tar
# (checkpoints before and after the fit, logs) and the record bulk: few files of less than 16 MiB each, which is what
# comes back from a lent machine.
set -u
stage=$1 minutes=$2 device=${3:-cuda} run=${RUN:-/tmp/flagship}
config=flagship; [ "$device" = cuda ] && config=flagship-cuda
export PYTHONPATH=core PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
if [ "$stage" = train ]; then
  for _ in 1 2 3; do  # an interrupted budget is finished by the next try
    python3 -c "
from pathlib import Path
from infoatlas.pretraining import RECIPES, pretrain
run = Path('$run')
resume = (run / 'state.safetensors').exists()
start = None if resume else 'core/infoatlas/weights/flagship.safetensors'
pretrain(RECIPES['$config'], run, minutes=$minutes, resume=resume, start=start, device='$device')" && break
  done
  tail -n 3 "$run/log.csv"
  cp "$run/state.safetensors" "$OUT"
  tar -C "$run" -cf "$OUT/results.tar" last.safetensors last.json {log,steps}.csv
else
  fit=runs/flagship/fit_read_out.py
  python3 $fit collect "$run/last.safetensors" "$run/collected.safetensors" --seed 71 --minutes "$minutes" --device "$device"
  python3 $fit fit "$run/last.safetensors" "$run/fitted.safetensors" "$run/collected.safetensors" --device "$device"
  tar -C "$run" -cf "$OUT/results.tar" {last,fitted}.safetensors {last,fitted}.json {log,steps}.csv
  python3 benchmarks/bulk.py --device "$device" --rows "${4:-1000000}" --repeats 2 --out "$OUT/bulk.csv"
fi
