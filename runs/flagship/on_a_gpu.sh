#!/bin/bash
# Goes on with the flagship on a machine with a GPU: two commands from the root, each within ten minutes,
#   OUT=FOLDER bash runs/flagship/on_a_gpu.sh train MINUTES [cuda|cpu]
#   OUT=FOLDER bash runs/flagship/on_a_gpu.sh collect MINUTES SHARE [cuda|cpu [ROWS]]
# The first trains on from the shipped weights; the second averages the run with them, SHARE of the run, collects data
# sets for so many minutes, to which fit_read_out.py fits the read-out at home, and times bulk estimates. $RUN keeps what
# is between them. OUT gets the state to resume, results.tar (checkpoints before and after averaging, logs), what was
# collected and the record bulk: few files of less than 16 MiB each, which is what comes back from a lent machine.
set -u
stage=$1 minutes=$2 run=${RUN:-/tmp/flagship} shipped=core/infoatlas/weights/flagship.safetensors
export PYTHONPATH=core PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
if [ "$stage" = train ]; then
  device=${3:-cuda} config=flagship
  [ "$device" = cuda ] && config=flagship-cuda
  for _ in 1 2 3; do  # an interrupted budget is finished by the next try
    python3 -c "
from pathlib import Path
from infoatlas.pretraining import RECIPES, pretrain
run = Path('$run')
resume = (run / 'state.safetensors').exists()
start = None if resume else '$shipped'
pretrain(RECIPES['$config'], run, minutes=$minutes, resume=resume, start=start, device='$device')" && break
  done
  tail -n 3 "$run/log.csv"
  cp "$run/state.safetensors" "$OUT"
  tar -C "$run" -cf "$OUT/results.tar" last.safetensors last.json {log,steps}.csv
else
  share=$3 device=${4:-cuda}
  python3 runs/flagship/average.py $shipped "$run/last.safetensors" "$run/averaged.safetensors" "$share"
  python3 runs/flagship/fit_read_out.py collect "$run/averaged.safetensors" "$OUT/collected.safetensors" \
    --seed 71 --minutes "$minutes" --device "$device"
  tar -C "$run" -cf "$OUT/results.tar" averaged.safetensors averaged.json
  python3 benchmarks/bulk.py --device "$device" --rows "${5:-1000000}" --repeats 2 --out "$OUT/bulk.csv"
fi
