"""Load the reference data that wordings are compared with: checked claims and labelled examples of harm.

A team may replace both files at any time, since no state depends on their content. Every alert carries the digest of
the reference data in use.
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from detectors.base_config import BaseConfig
from detectors.clustering import ClusteringConfig
from detectors.pipeline.intake import read_content
from detectors.reference.claims import ClaimIndex, bank_digest
from detectors.reference.harm import HarmConfig, HarmExample, HarmExamples, MinCosine, examples_digest
from detectors.reference.matcher import ReferenceMatcher, reference_digest
from detectors.similarity.embedding import Embedder
from streams.embedders.store import embed_stored
from streams.errors import UserError
from streams.reference.claims import ClaimFile, read_claims
from streams.small_files import MAX_BYTES, parse_toml, read_at_most


class ClaimsSettings(BaseConfig, frozen=True, kw_only=True):
    """The bank of checked claims."""

    file: Annotated[
        str,
        Meta(
            description="File of checked claims to match messages with: JSON Lines, a table, ClaimReview, or answers "
            "of Google's Fact Check Tools. Empty: none."
        ),
    ] = ""


class HarmSettings(BaseConfig, frozen=True, kw_only=True):
    """The labelled examples of harm."""

    file: Annotated[
        str,
        Meta(
            description="TOML file with a list of example sentences per category of harm. Empty: the packaged examples."
        ),
    ] = ""
    suggest: Annotated[
        bool, Meta(description="Whether alerts carry the harm category of the nearest labelled example.")
    ] = True
    min_cosine: MinCosine = 0.45


class ReferenceData(msgspec.Struct, frozen=True):
    """Claims and examples as read from their files, not yet embedded."""

    bank: ClaimFile
    harm: HarmConfig
    examples: tuple[HarmExample, ...]

    @property
    def digest(self) -> str:
        """The digest in every alert."""
        return reference_digest(bank_digest(self.bank.claims), examples_digest(self.harm, self.examples))

    def matcher(
        self, clustering: ClusteringConfig, embedder: Embedder, cache_dir: str | None = None
    ) -> ReferenceMatcher:
        """Return a matcher; embed all texts without cached vectors, some minutes for 20,000 claims the first time."""
        contents = [read_content(claim.text, ()) for claim in self.bank.claims]
        examples = [read_content(example.text, ()).normal for example in self.examples]
        vectors = embed_stored(embedder, [*(content.normal for content in contents), *examples], cache_dir)
        claims = ClaimIndex(clustering, self.bank.claims, contents, vectors[: len(contents)])
        return ReferenceMatcher(claims, HarmExamples(self.harm, self.examples, vectors[len(contents) :]))


def load_reference_data(claims: ClaimsSettings, harm: HarmSettings) -> ReferenceData:
    """Read the bank of claims and the examples of harm.

    Raises:
        ClaimsError: a bank without usable claims.
        UserError: unusable examples.

    """
    bank = read_claims(Path(claims.file).expanduser()) if claims.file else ClaimFile()
    return ReferenceData(bank, HarmConfig(min_cosine=harm.min_cosine), _examples(harm) if harm.suggest else ())


def _examples(settings: HarmSettings) -> tuple[HarmExample, ...]:
    path = Path(settings.file).expanduser() if settings.file else files("streams.reference") / "harm_examples.toml"
    try:
        categories = parse_toml(read_at_most(path, MAX_BYTES))
    except OSError as error:
        raise UserError(f"cannot read the examples of harm {path}: {error.strerror}; check harm.file") from None
    except ValueError as error:
        raise UserError(f"the examples of harm {path} (harm.file) are not TOML: {error}") from None
    for category, sentences in categories.items():
        if not (isinstance(sentences, list) and sentences and all(isinstance(one, str) and one for one in sentences)):
            raise UserError(
                f"{category!r} in {path} (harm.file) is not a list of sentences; write {category} = "
                '["a sentence", "another"]'
            )
    return tuple(
        HarmExample(category, sentence) for category, sentences in categories.items() for sentence in sentences
    )


__all__ = ["ClaimsSettings", "HarmSettings", "ReferenceData", "load_reference_data"]
