"""The probes there are, as one table: each with the system it tries, its prediction, and what would count against it. Imports no torch.

A new one is a module in `core/lab/probing/`, a line here and a test. Its function is given a `Bench` (core.lab.bench) and gives a `ProbeResult`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.lab.costs import LabCost
from core.lab.hidden.costs import hidden_s
from core.lab.systems import SYSTEMS, System

# What a probe may need, in words for people.
ADAPTER = "an adapter"
RECORD = "the record of the run that trained it"
TRAIN = "train queries"
NEEDS = (ADAPTER, RECORD, TRAIN)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What is known of a probe without running it."""

    key: str
    system: str  # a key of SYSTEMS
    title: str
    asks: str  # what it does, in a sentence
    prediction: str  # what is expected if mutual information is sufficient, said beforehand
    against: str  # what would count against it
    needs: tuple[str, ...] = ()  # of NEEDS; a model and a constitution with held-out queries are needed always
    asks_readers: bool = False  # whether it asks readers from outside, so that with others it is measured anew
    quick: bool = True  # whether it belongs to the battery that is run where no probe is named; others take long
    minutes: Callable[[LabCost], float]  # here, of the probe alone
    module: str  # module:function, imported where it is run; loads torch

    @property
    def of(self) -> System:
        """The system that it tries."""
        return SYSTEMS[self.system]


PROBES: dict[str, Probe] = {
    probe.key: probe
    for probe in (
        Probe(
            key="sami",
            system="sami",
            title="The adapter, and its checkpoints",
            asks="What training did to the bound and to compliance, in the end and on the way.",
            prediction="Where the bound rises, compliance rises with it, principle by principle and checkpoint by checkpoint.",
            against="A bound near its cap while compliance stays where chance puts it, or falls.",
            needs=(ADAPTER,),
            minutes=lambda cost: (cost.trained_s + cost.alone_s) / 60,
            module="core.lab.probing.sami:run",
        ),
        Probe(
            key="prompt",
            system="sami",
            title="Prompting, the control",
            asks="The base with the constitution in its prompt, held against the base without it: what all else is measured against.",
            prediction="What the prompt tells apart it also does: a principle with a high bound is followed more often than without the text.",
            against="A bound near its cap and compliance no higher than without the constitution.",
            minutes=lambda cost: (cost.base_s + cost.alone_s) / 60,
            module="core.lab.probing.prompt:run",
        ),
        Probe(
            key="context",
            system="context-prior",
            title="Context-aware decoding, weight by weight",
            asks="The constitution’s weight against the prior is raised from 0 to 1.5 without any training.",
            prediction="Bound and compliance rise together with the weight.",
            against="A bound that rises with the weight while compliance stays or falls: information without the behaviour.",
            minutes=lambda cost: 4 * 2 * cost.base_s / 60,
            module="core.lab.probing.context:run",
        ),
        Probe(
            key="proxy",
            system="proxy-tuning",
            title="Proxy-tuning, weight by weight",
            asks="What training changed in the scores of the next token is added to the base’s with a weight from 0 to 2; at 1 it is the adapter.",
            prediction="Bound and compliance rise together with the weight, also beyond what training went to.",
            against="A bound that rises with the weight while compliance stays or falls: more of the change is no more of the behaviour.",
            needs=(ADAPTER,),
            quick=False,
            minutes=lambda cost: (3 * (cost.base_s + cost.trained_s) + cost.trained_s + cost.base_s) / 60,
            module="core.lab.probing.proxy:run",
        ),
        Probe(
            key="readers",
            system="grounding",
            title="Readers from outside",
            asks="Readers who see the replies alone pick the principle that they were written under from decoys.",
            prediction="What the policy tells apart, readers from outside tell apart too.",
            against="Only the policy itself can tell: a private code.",
            asks_readers=True,
            minutes=lambda cost: 4 * cost.base_s / 60,
            module="core.lab.probing.readers:run",
        ),
        Probe(
            key="grounding",
            system="grounding",
            title="Claims against measurements, and words that mean nothing",
            asks="The model says in a second turn whether its reply followed; an invented word stands for the principle, with and without a definition; "
            "facts in the prompt contradict the prior.",
            prediction="What is claimed is what is done, and without a meaning neither is told apart nor done; with a definition both come back.",
            against="More is claimed than done, or a word that means nothing is told apart as well as before and no longer done.",
            quick=False,
            minutes=lambda cost: (4 * (cost.base_s + cost.trained_s) + 3 * cost.alone_s) / 60,
            module="core.lab.probing.grounding:run",
        ),
        Probe(
            key="null-rules",
            system="content-or-format",
            title="Three decoding rules, the null model",
            asks="Repeats are penalised, the end is raised with length and fifteen tokens are shifted, on the untrained base: together, and each rule alone.",
            prediction="Rules that know no principle leave compliance where prompting puts it; what training gains is more than they gain.",
            against="Compliance that rises under the rules: that much of it is shorter text without loops, and no content.",
            minutes=lambda cost: (5 * cost.base_s + cost.trained_s + 2 * cost.alone_s) / 60,
            module="core.lab.probing.null_rules:run",
        ),
        Probe(
            key="content-or-format",
            system="content-or-format",
            title="Content or format: emptied, swapped, invented and mixed-up texts",
            asks="The same training with an emptied text, invented words, swapped sides and replies paired at random, each beside the text itself.",
            prediction="Without the content neither bound nor compliance rises: only the text itself is learnt.",
            against="A bound that rises on a text that says nothing, or with its sides swapped, and compliance that does not: form, or a code.",
            needs=(TRAIN,),
            quick=False,
            minutes=lambda cost: (5 * cost.training_s + 7 * cost.trained_s + 3 * cost.base_s + cost.alone_s) / 60,
            module="core.lab.probing.content_or_format:run",
        ),
        Probe(
            key="hidden-channels",
            system="subliminal",
            title="Hidden channels: numbers that say nothing of a principle",
            asks="A teacher with the text in its prompt continues sequences of numbers; students of the same base are tuned on the numbers alone, and their "
            "margins for every principle, which take no reply from them, are held against those of other teachers’ students.",
            prediction="Numbers that say nothing of a principle carry nothing of it: no student moves towards its own teacher’s principle more than others do.",
            against="Students that move towards their own teacher’s principle, over several seeds: behaviour that goes with no information anyone could read.",
            quick=False,
            minutes=lambda cost: hidden_s(cost) / 60,
            module="core.lab.probing.hidden_channels:run",
        ),
        Probe(
            key="consistency",
            system="consistency",
            title="Wrappers: flattery, contradiction, “ignore your principles”, role play",
            asks="Each held-out query is put into every kind of wrapper, before and after training; refusals, cues to be heeded and sycophancy beside it.",
            prediction="What the bound tells apart holds under wrappers too: compliance is not shown to fall.",
            against="Compliance that falls under a wrapper while the bound stays: the replies depend on more than the principle.",
            quick=False,
            minutes=lambda cost: (7 * (cost.base_s + cost.trained_s) + 6 * cost.alone_s) / 60,
            module="core.lab.probing.consistency:run",
        ),
    )
}
