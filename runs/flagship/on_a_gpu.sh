#!/bin/bash
# Goes on with the flagship on a machine with a GPU, fits its read-out, times bulk estimates. From the root:
#   OUT=FOLDER bash runs/flagship/on_a_gpu.sh TRAIN_MINUTES COLLECT_MINUTES [cuda|cpu [ROWS]]
# OUT gets the state to resume, results.tar (checkpoints before and after the fit, logs) and the record bulk: few
# files of less than 16 MiB each, which is what comes back from a lent machine.
set -u
train=$1 collect=$2 device=${3:-cuda}
config=flagship; [ "$device" = cuda ] && config=flagship-cuda
export PYTHONPATH=core PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
run=$(mktemp -d); cp runs/flagship/*.csv runs/flagship/state.safetensors "$run"
for _ in 1 2 3; do  # an interrupted budget is finished by the next try
  python3 -c "
from pathlib import Path
from infoatlas.pretraining import RECIPES, pretrain
pretrain(RECIPES['$config'], Path('$run'), minutes=$train, resume=True, device='$device')" && break
done
tail -n 3 "$run/log.csv"
cp "$run/state.safetensors" "$OUT"
fit=runs/flagship/fit_read_out.py
python3 $fit collect "$run/last.safetensors" "$run/collected.safetensors" --seed 61 --minutes "$collect" --device "$device"
python3 $fit fit "$run/last.safetensors" "$run/fitted.safetensors" "$run/collected.safetensors" --device "$device"
tar -C "$run" -cf "$OUT/results.tar" {last,fitted}.safetensors {last,fitted}.json {log,steps}.csv
python3 benchmarks/bulk.py --device "$device" --rows "${4:-1000000}" --repeats 2 --out "$OUT/bulk.csv"
