"""The seven systems whose claims the laboratory tries, by the papers they come from. Imports no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class System:
    """A system, and where it was published."""

    key: str
    title: str
    paper: str  # authors, year, title, where


SYSTEMS = {
    system.key: system
    for system in (
        System(
            key="sami",
            title="SAMI, and prompting as its control",
            paper="Fränken et al. 2024, Self-Supervised Alignment with Mutual Information: Learning to Follow Principles without Preference Labels, "
            "arXiv 2404.14313",
        ),
        System(
            key="content-or-format",
            title="Content or format",
            paper="Kung & Peng 2023, Do Models Really Learn to Follow Instructions? An Empirical Study of Instruction Tuning, arXiv 2305.11383; "
            "Hewitt et al. 2024, Instruction Following without Instruction Tuning, arXiv 2409.14254",
        ),
        System(
            key="subliminal",
            title="Hidden channels: subliminal learning",
            paper="Cloud et al. 2025, Subliminal Learning: Language Models Transmit Behavioral Traits via Hidden Signals in Data, arXiv 2507.14805",
        ),
        System(
            key="consistency",
            title="Consistency training",
            paper="Chua et al. 2024, Bias-Augmented Consistency Training Reduces Biased Reasoning in Chain-of-Thought, arXiv 2403.05518; "
            "Irpan et al. 2025, Consistency Training Helps Stop Sycophancy and Jailbreaks, arXiv 2510.27062",
        ),
        System(key="proxy-tuning", title="Proxy-tuning", paper="Liu et al. 2024, Tuning Language Models by Proxy, arXiv 2401.08565"),
        System(
            key="grounding",
            title="Symbol grounding: readers from outside, and claims against measurements",
            paper="Manheim 2025, Language Models’ Hall of Mirrors Problem: Why AI Alignment Requires Peircean Semiosis, Philosophy & Technology",
        ),
        System(
            key="context-prior",
            title="Context against prior",
            paper="Shi et al. 2023, Trusting Your Evidence: Hallucinate Less with Context-aware Decoding, arXiv 2305.14739; "
            "Rimsky et al. 2023, Steering Llama 2 via Contrastive Activation Addition, arXiv 2312.06681",
        ),
    )
}
