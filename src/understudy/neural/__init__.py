"""What every learned network shares, whatever the kind of data: one training loop, and the objectives to train by. Needs torch.

| file | holds |
|---|---|
| `backend.py` | torch or a clear error, the device, keyed randomness for torch |
| `training.py` | the loop: schedule, evaluation, early stop, budget, checkpoints |
| `averaging.py` | the moving average of the weights, which is what is kept |
| `adversarial.py` | the adversarial objective: generator and critic, gradient penalties, packing |
| `masked_tokens.py` | masked diffusion of tokens: masks, weighted cross-entropy, unmasking |
| `flow_matching.py` | flows from noise to data: objective, samplers, and the way back |
| `weights.py` | weights as NumPy arrays and back |
"""
