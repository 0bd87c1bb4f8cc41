"""The models that may write proposals besides this machine's own: any endpoint that speaks OpenAI's chat protocol. Imports no torch."""

import re
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from urllib.parse import urlsplit

from core.budget import Limit, Pool
from core.constitution.principles import MAX_WRITER_CHARS, Turns
from core.constitution.proposals import Ask, Draw, answer_sampling
from core.errors import ConfigError, OverBudgetError, WriterError
from core.settings import SamplingConfig

ANSWER_WITHIN_S = 60.0
LONG_ANSWER_WITHIN_S = 150.0  # for several scenarios at once
ANSWER_TOKENS = 400  # at least: room for a model that thinks aloud first
LATE_S = 1.0  # for the client itself to say that it waited too long
MAX_ANSWER_CHARS = 50_000  # far more than so many tokens
# Asks in a child: the client's time limit is for each read, so that an endpoint that sends a byte a second, or never stops, would hold its caller.
ASKING = Pool(("huggingface_hub",), patience_s=ANSWER_WITHIN_S, idle_s=120.0)
MAX_NAME_CHARS = 500
NO_KEY = "none"  # without any the client would send this machine's own Hugging Face token to whoever listens
TRANSPORTS = ("httpx2", "httpx", "httpcore", "httpcore2", "h11")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where to ask, for which model, and with which key. Only the operator decides it, never somebody at the page."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _is_address(self.url):
            raise ConfigError("STUDIO_WRITER_URL (--endpoint) must be an http or https address without user name and query, such as http://127.0.0.1:8000/v1.")
        if not self.model.strip() or len(self.model) > MAX_NAME_CHARS or not self.model.isprintable():
            raise ConfigError(f"No usable model is named for {self.host}. Set STUDIO_WRITER_MODEL (--endpoint-model) to the name the endpoint knows it by.")
        if self.key is not None and not re.fullmatch(r"[!-~]+", self.key):
            raise ConfigError("STUDIO_WRITER_KEY holds a space, a line break or another character that no key has. Set it again.")

    @property
    def host(self) -> str:
        """The machine, for people: an address may hold more than they should see."""
        return urlsplit(self.url).netloc


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and not parts.query and parts.port != 0
    except ValueError:
        return False


def model_name(model: str) -> str:
    """How a model is named where it wrote something: of a path the last part, since the rest is the business of the machine it is on."""
    last = PurePath(model).name if model.startswith(("/", "~", ".")) else ""
    return (last or model)[: MAX_WRITER_CHARS // 2]


def ask_endpoint(endpoint: Endpoint, within_s: float = ANSWER_WITHIN_S, draw: Draw = answer_sampling) -> Ask:
    """The endpoint's model as somebody who can be asked; it raises WriterError in words for whatever goes wrong."""
    limit = Limit(what=f"Asking {endpoint.host}", seconds=within_s + LATE_S, remedy="Try again, or use another model.")

    def ask(prompt: Turns, number: int) -> str:
        sampling = draw(number)
        try:
            return ASKING.within(limit, answer, endpoint, prompt, replace(sampling, max_new_tokens=max(ANSWER_TOKENS, 2 * sampling.max_new_tokens)), within_s)
        except OverBudgetError as error:
            problem = f"{endpoint.host} did not answer within {within_s:.0f} seconds, or with far too much. Try again, or use another model."
            raise WriterError(problem) from error

    return ask


def answer(endpoint: Endpoint, prompt: Turns, sampling: SamplingConfig, within_s: float) -> str:
    """What the endpoint's model answers; raises WriterError. Runs in a child."""
    from huggingface_hub import InferenceClient
    from huggingface_hub.errors import HfHubHTTPError, InferenceTimeoutError

    client = InferenceClient(base_url=endpoint.url, api_key=endpoint.key or NO_KEY, timeout=within_s)
    turns = [(role, text) for pair in prompt.shown for role, text in zip(("user", "assistant"), pair, strict=True)]
    messages = [{"role": role, "content": text} for role, text in (("system", prompt.system), *turns, ("user", prompt.user))]
    try:
        told = client.chat_completion(messages, model=endpoint.model, max_tokens=sampling.max_new_tokens, temperature=sampling.temperature)
        content = told.choices[0].message.content
    except InferenceTimeoutError as error:
        raise WriterError(f"{endpoint.host} did not answer within {within_s:.0f} seconds. Try again, or use another model.") from error
    except HfHubHTTPError as error:
        raise WriterError(_refusal(endpoint, error.response.status_code)) from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise WriterError(f"{endpoint.host} answered with something that is no chat completion. Check that STUDIO_WRITER_URL is right.") from error
    except Exception as error:  # the HTTP client's own errors have no common base that its user may import
        if not isinstance(error, OSError) and type(error).__module__.split(".")[0] not in TRANSPORTS:
            raise
        raise WriterError(f"{endpoint.host} cannot be reached ({type(error).__name__}). Check that it runs and that STUDIO_WRITER_URL is right.") from error
    if content is not None and not isinstance(content, str):
        raise WriterError(f"{endpoint.host} answered with something other than text. Use another model.")
    if content and len(content) > MAX_ANSWER_CHARS:
        wanted = f"{len(content):,} characters where {sampling.max_new_tokens} tokens were asked for"
        raise WriterError(f"{endpoint.host} answered with {wanted}. Use another model.")
    return content or ""


def _refusal(endpoint: Endpoint, status: int) -> str:
    if status in (401, 403):
        return f"{endpoint.host} refused the key (status {status}). Check STUDIO_WRITER_KEY."
    if status == 404:
        return f"{endpoint.host} knows no such address, or no model {endpoint.model} (status 404). Check STUDIO_WRITER_URL and STUDIO_WRITER_MODEL."
    if status == 429:
        return f"{endpoint.host} has had too many requests for now (status 429). Try again later."
    return f"{endpoint.host} could not answer (status {status}). Try again, or look at its log."
