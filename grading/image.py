"""The image of a submission, built from its own Dockerfile, or from ours if it has none."""

from pathlib import Path

from grading.engine import Engine, Late, last_line
from grading.settings import Settings
from grading.staging import RECIPE, Unusable

HERE = Path(__file__).parent


class Image:
    """An image tag, reused for one submission after the other."""

    def __init__(self, tag: str, engine: Engine, settings: Settings) -> None:
        self.tag = tag
        self._engine = engine
        self._settings = settings

    def build(self, folder: Path) -> None:
        """Build the image from a folder; raises Unusable."""
        recipe = folder if (folder / RECIPE).is_file() else HERE
        words = ("docker", "build", "--quiet", "--file", str(recipe / RECIPE), "--tag", self.tag)
        base = f"PYTHON_IMAGE={self._settings.python_image}"
        seconds = self._settings.build_seconds
        build = (*words, "--build-arg", base, str(folder))
        try:
            done = self._engine.run(*build, within=seconds, builds=True)
        except Late:
            raise Unusable(f"did not finish building within {seconds:g} s") from None
        if done.returncode:
            raise Unusable(f"does not build: {last_line(done.stderr)}\n{done.stderr}")

    @property
    def user(self) -> str:
        """The image's user, as numbers; empty for a name, which only the image can resolve."""
        words = ("docker", "image", "inspect", "--format", "{{.Config.User}}", self.tag)
        user = self._engine.run(*words).stdout.strip() or "0:0"
        return "" if user.strip("0123456789:") else user
