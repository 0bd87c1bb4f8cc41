"""A bench on the tiny model, with few queries and short replies."""

from dataclasses import replace
from pathlib import Path

from core.constitution.checks import Check
from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.engine.adapters import adapter_hash, load_adapter
from core.engine.models import LoadedModel
from core.lab.bench import Bench, Examined
from core.lab.plan import LabPlan
from core.methods.arms import Artifact
from core.methods.settings import TrainConfig
from core.settings import SamplingConfig

BRIEF = Principle(title="Be brief", statement="Answer in one word.", antithesis="Answer at length.", check=Check("max_words", 3))
SHOUT = Principle(title="Shout", statement="Write in capitals.", antithesis="Write as usual.", check=Check("capital_letters"))
ONE = Constitution(name="Brief", principles=(BRIEF,))
TWO = Constitution(name="Both", principles=(BRIEF, SHOUT))
OTHER = Constitution(name="Other", principles=(Principle(title="Ask back", statement="End with a question.", antithesis="End with a statement."),))
HELD_OUT = ("What is tea?", "Who was Ada?")


def bench_on(model: LoadedModel, folder: Path, constitution: Constitution = ONE, adapter: Path | None = None) -> Bench:
    """With the adapter attached, where one is given."""
    examined = None
    if adapter is not None:
        model = load_adapter(model, adapter)
        examined = Examined(artifact=Artifact(kind="adapter", place=str(adapter), sha256=adapter_hash(adapter)), recipe="sami")
    config = replace(TrainConfig(), sampling=SamplingConfig(max_new_tokens=6, temperature=0.7), seed=3)
    plan = LabPlan(
        constitution=constitution,
        queries=tuple(Query(text=text, split="held_out") for text in HELD_OUT),
        held_out=HELD_OUT,
        model=model.reference,
        config=config,
        others=(OTHER,),
    )
    return Bench(probe="", plan=plan, folder=folder, own=folder, model=model, models=folder, examined=examined)
