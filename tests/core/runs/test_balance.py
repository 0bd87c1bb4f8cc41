"""Balance of contrasts, counted by hand, and in a run's record over what it kept."""

import json

from core.constitution.contrasts import draw_contrast
from core.constitution.principles import Constitution, Principle
from core.constitution.queries import Query
from core.methods.settings import TrainConfig
from core.runs.balance import PrincipleBalance, balance_from_data, balance_to_data, count_balance
from core.runs.execute import execute
from core.runs.iterations import iteration_config
from core.runs.plan import RunPlan
from core.runs.records import result_data
from core.seeds import seed_for
from core.settings import ModelReference, SamplingConfig

YES, NO = True, False


def constitution(*titles):
    return Constitution(name="C", principles=tuple(Principle(title=t, statement=f"Do {t}.", antithesis=f"Never do {t}.") for t in titles))


def row(title, sides, contrasts, flipped, alone):
    statement, antithesis = sides
    return PrincipleBalance(title=title, statement=statement, antithesis=antithesis, contrasts=contrasts, flipped=flipped, flipped_alone=alone)


def test_one_principle_is_flipped_alone_in_every_contrast():
    assert count_balance(constitution("a"), [[(YES,), (NO,)], [(NO,), (YES,)]]) == (row("a", (2, 2), 2, 2, 2),)


def test_two_principles_in_three_contrasts():
    """First a alone, then both at once, then b alone: six responses, of which two are under each antithesis."""
    contrasts = [[(YES, YES), (NO, YES)], [(NO, NO), (YES, YES)], [(YES, YES), (YES, NO)]]
    assert count_balance(constitution("a", "b"), contrasts) == (row("a", (4, 2), 3, 2, 1), row("b", (4, 2), 3, 2, 1))


def test_three_principles_with_three_constitutions_a_contrast():
    """First: a alone, and b with c. Second: all, and a with b. Of a, the responses under the statement: two of three, then one of three."""
    contrasts = [[(YES, YES, YES), (NO, YES, YES), (YES, NO, NO)], [(NO, NO, NO), (YES, YES, YES), (NO, NO, YES)]]
    assert count_balance(constitution("a", "b", "c"), contrasts) == (row("a", (3, 3), 2, 2, 1), row("b", (3, 3), 2, 2, 0), row("c", (4, 2), 2, 2, 0))


def test_a_principle_flipped_twice_in_one_contrast_counts_as_one_contrast():
    assert count_balance(constitution("a", "b"), [[(NO, NO), (NO, YES), (YES, YES)]])[0] == row("a", (1, 2), 1, 1, 1)


def test_nothing_kept_is_nothing_counted_and_rows_survive_json():
    balance = count_balance(constitution("a", "b"), [])
    assert balance == (row("a", (0, 0), 0, 0, 0), row("b", (0, 0), 0, 0, 0))
    assert balance_from_data(json.loads(json.dumps(balance_to_data(balance)))) == balance


def test_a_run_counts_the_contrasts_of_the_examples_it_kept_over_its_iterations(tiny_folder, tmp_path):
    config = TrainConfig(
        iterations=2, train_queries=5, held_out_queries=2, passes=1, lora_rank=4, lora_alpha=8, sampling=SamplingConfig(max_new_tokens=1, temperature=1.0)
    )  # of one token each: some responses are equal, and their queries dropped
    queries = tuple(Query(f"Question number {i}?", "train" if i < 24 else "held_out") for i in range(28))
    plan = RunPlan(constitution=constitution("a", "b"), queries=queries, model=ModelReference(id=str(tiny_folder)), config=config)
    record = execute(plan, tmp_path / "run", tmp_path)
    contrasts = []
    for number in (1, 2):
        seed = iteration_config(config, number).seed
        examples = json.loads((tmp_path / "run" / f"iteration-{number}" / "responses-000.json").read_text())["examples"]
        contrasts += [draw_contrast(2, 2, seed_for(seed, "contrast", example["query"])).stances for example in examples]
    assert sum(record.dropped.values()) > 0
    assert len(contrasts) + sum(record.dropped.values()) == 5 + 10
    assert record.balance == count_balance(plan.constitution, contrasts)
    stored = json.loads((tmp_path / "run" / "run.json").read_text())["balance"]
    assert stored == balance_to_data(record.balance) == result_data(record)["balance"]
    assert execute(plan, tmp_path / "run", tmp_path).balance == record.balance  # also when it goes on from its files
