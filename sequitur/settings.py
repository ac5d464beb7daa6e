"""Settings: command-line option, else `SEQUITUR_…` in the environment, else `sequitur.toml`, else the default."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from sequitur.errors import SettingsError


class Settings(BaseSettings):
    """Everything that can be set, with its default."""

    model_config = SettingsConfigDict(env_prefix="SEQUITUR_", toml_file="sequitur.toml", extra="forbid", frozen=True)

    corpus: Path = Path("corpus")
    index: str = ".sequitur/index"
    article: str = ""  # slug of the article asked about; empty: the only one
    database_url: str = "sqlite:///.sequitur/sequitur.db"
    models: Path = Path(".sequitur/models")  # where exported models are cached
    embedder: str = "all-MiniLM-L6-v2"
    llm: str = ""  # LangChain's "provider:model"; empty: extractive answers
    llm_base_url: str = ""
    fetch: bool = False  # whether `sequitur fetch` may speak to the services below
    fetch_email: str = ""  # told to the services, which are then kinder
    fetch_allowed: str = ""  # addresses of this machine's own network that may be fetched from all the same, with commas between
    fetch_cache: Path = Path(".sequitur/fetch")
    fetch_pubmed_url: str = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
    fetch_crossref_url: str = "https://api.crossref.org"
    fetch_europe_pmc_url: str = "https://www.ebi.ac.uk/europepmc/webservices/rest"
    emergency_number: str = "your local emergency number"
    crisis_line: str = "your local crisis line"
    poison_centre: str = "your poison centre"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """No `.env`: a file in the working folder must not change where questions are sent."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**options: object) -> Settings:
    """The settings in force. Options that are None are left to the environment and the file.

    Raises:
        SettingsError: a value is of the wrong type, or a key is unknown.
    """
    try:
        return Settings(**{key: value for key, value in options.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = f"the setting {key!r} is not usable: {first['msg']}"
        raise SettingsError(message) from error
    except ValueError as error:
        message = f"sequitur.toml cannot be read: {error}"
        raise SettingsError(message) from error
