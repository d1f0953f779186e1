"""What runs on a borrowed machine imports nothing that such a machine lacks."""

import subprocess
import sys

SCRIPT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import training.drawing.crops, training.drawing.holes, training.drawing.lattices
import training.learning.discriminator_file, training.learning.examine, training.learning.loop
import training.learning.network_call, training.learning.state_file, training.learning.step
import training.learning.store, training.losses.feature_heads, training.features.vgg16
{more}
"""


def run(blocked, more=""):
    script = SCRIPT.format(blocked=blocked, more=more)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


def test_step_losses_and_store_need_numpy_and_jax_alone():
    absent = {"tensorflow", "pydantic", "cv2", "keras", "tqdm", "safetensors", "tensorboard"}
    done = run(absent | {"platformdirs", "matplotlib", "h5py", "PIL"})
    assert done.returncode == 0, done.stderr[-2000:]


def test_what_is_blocked_is_missed():
    done = run({"cv2"}, "import training.canvas")
    assert "ModuleNotFoundError: cv2" in done.stderr
