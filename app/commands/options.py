"""What the commands that train and measure nothing are given."""

import argparse
from pathlib import Path

BACKUP = """\
Copy database and runs into one file, also while the studio runs. The file is opened and checked before it gets its name.
It holds no password and no token, and only this user can read it. Exit status 1 also when the studio's own data are found damaged.
"""


TRIAL = """\
Try a check on the held-out replies of the newest finished run of this studio that had the principle (by its id, else by its texts): how many pass under
the statement, how many under the antithesis, and a few replies of each. Nothing is stored. Exit status 1 where nothing could be tried.
"""


def data_option(command: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    """Where the studio's data lie."""
    command.add_argument("--data", default=default, metavar="DIR", help="folder for database, models and runs (STUDIO_DATA, ./studio-data)")


def inputs(command: argparse.ArgumentParser) -> None:
    """A constitution, queries and a model."""
    command.add_argument(
        "--constitution",
        required=True,
        type=Path,
        metavar="FILE",
        help="YAML file: name, and principles with title, statement, antithesis, optional check; or SAMI's .json with positive and negative",
    )
    command.add_argument(
        "--queries",
        required=True,
        type=Path,
        metavar="FILE",
        help='.jsonl rows {"query": …, "split"?: "train"|"held_out"}, .csv with a `query` column, or plain lines; others: docs/formats.md',
    )
    command.add_argument("--query-field", metavar="NAME", help="the column or key that holds the queries, where it is not found by itself")
    command.add_argument("--model", metavar="ID", help="the default model's name, a Hub id such as org/name, or a folder")
    command.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, cuda:1, …")
    data_option(command)


def arm_options(command: argparse.ArgumentParser, without: str) -> None:
    """Which arm replies; `without` says which one does where none is named."""
    command.add_argument("--arm", metavar="KEY", help=f"one of those that `arms` lists ({without})")
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the arm, for instance strength=0.5")
    command.add_argument(
        "--adapter-model",
        metavar="ID",
        help="with --arm proxy: the model that the adapter was trained on, where neither its run nor the adapter says so",
    )


def conflict_options(command: argparse.ArgumentParser) -> None:
    """Of `conflict`."""
    inputs(command)
    command.add_argument("--first", type=int, metavar="N", help="number of a principle, from 1 on (default: 1, where there are only two)")
    command.add_argument("--second", type=int, metavar="M", help="number of the one that is set against it")
    arm_options(command, without="without --arm the adapter with the constitution; without an adapter the base with it")
    command.add_argument("--adapter", type=Path, metavar="DIR", help="adapter or vector folder of a run, where the arm needs one")
    command.add_argument("--seed", type=int, help="seed of the replies (default: the adapter's run's, else 0)")
    command.add_argument("--max-new-tokens", type=int, help="longest reply in tokens (default: the adapter's run's, else 64)")
    command.add_argument("--temperature", type=float, help="sampling temperature, 0 = greedy (default: the adapter's run's, else 0.7)")
    command.add_argument("--limit", type=int, metavar="N", help="ask at most N held-out queries (default: as many as the adapter's run, else 24)")
    command.add_argument("--json", action="store_true", help="print JSON with every reply instead of lines")


def read_options(command: argparse.ArgumentParser) -> None:
    """Of `read`."""
    command.add_argument("file", type=Path, metavar="FILE", help="a file of queries, a constitution, or replies")
    command.add_argument("--as", dest="kind", choices=("queries", "constitution", "replies"), help="what to read it as (default: what it holds)")
    command.add_argument("--query-field", metavar="NAME", help="the column or key that holds the queries, where it is not found by itself")
    command.add_argument("--json", action="store_true", help="print JSON instead of lines")


def judge_options(command: argparse.ArgumentParser) -> None:
    """Of `judge`."""
    command.add_argument("--constitution", required=True, type=Path, metavar="FILE", help="as for the other commands")
    command.add_argument(
        "--replies",
        required=True,
        type=Path,
        metavar="FILE",
        help='.jsonl rows {"response": …, "query"?: …, "principle"?: title or number, "side"?: "statement"|"antithesis"|"none"}; a .json list, .csv, .tsv',
    )
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")


def propose_options(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Of `propose`, whose parser is given back."""
    start = command.add_mutually_exclusive_group(required=True)
    start.add_argument("--wish", metavar="TEXT", help="what you want of the model, in a sentence of your own")
    start.add_argument("--statement", metavar="TEXT", help="the statement of a principle, to which an antithesis is wanted")
    command.add_argument("--antithesis", metavar="TEXT", help="with --scenarios: its antithesis, where it has one")
    writer = command.add_mutually_exclusive_group()
    writer.add_argument("--model", metavar="ID", help="the default model's name, a Hub id such as org/name, or a folder (STUDIO_WRITER_MODEL)")
    writer.add_argument("--endpoint", metavar="URL", help="an OpenAI-compatible endpoint (STUDIO_WRITER_URL); its key is read from STUDIO_WRITER_KEY")
    command.add_argument("--endpoint-model", metavar="NAME", help="the name the endpoint knows the model by (STUDIO_WRITER_MODEL)")
    command.add_argument("--seed", type=int, default=0, help="0 asks for the likeliest answer, another number for another one (default: 0)")
    command.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, cuda:1, …")
    instead = command.add_mutually_exclusive_group()
    instead.add_argument("--check", action="store_true", help="with --statement: the check that its words allow, and nothing else; no model is asked")
    instead.add_argument("--scenarios", action="store_true", help="with --statement: up to six scenarios of the principle, and nothing else")
    command.add_argument("--json", action="store_true", help="print JSON instead of YAML")
    return command


def trial_options(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Of `trial`, whose parser is given back."""
    trial = commands.add_parser("trial", help="try a check on replies that the studio's runs left", description=TRIAL)
    trial.add_argument("--constitution", required=True, type=Path, metavar="FILE", help="as for the other commands")
    trial.add_argument("--principle", type=int, metavar="N", help="which, from 1 on (default: all)")
    trial.add_argument("--check", metavar="CHECK", help="“max_words: 20” (default: the principle's own, else the one that its statement allows)")
    trial.add_argument("--json", action="store_true", help="print JSON instead of lines")
    return trial


def backup_options(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> list[argparse.ArgumentParser]:
    """Of `backup` and `restore`, whose parsers are given back."""
    backup = commands.add_parser("backup", help="copy database and runs into one file, also while the studio runs", description=BACKUP)
    backup.add_argument("file", type=Path, metavar="FILE.tar", help="a file that is not there yet, or a folder, in which it is named after the time")
    backup.add_argument("--models", action="store_true", help="the downloaded models too; without them they are fetched again")
    restore = commands.add_parser("restore", help="bring a backup back, into an empty data folder")
    restore.add_argument("file", type=Path, metavar="FILE.tar", help="what backup wrote")
    return [backup, restore]
