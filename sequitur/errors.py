"""Every error a user can meet.

* SequiturError
  - QuestionError      the question cannot be asked (empty, too long, no letters)
  - SettingsError      a setting is missing or out of range
  - InputError         a file given to a command is malformed; it is named, with the line
  - CorpusError        a document or article is unreadable
  - StoreError         no usable index: missing, damaged, foreign or made by another model
  - ModelError         a model failed; `retryable` says whether trying again can help
  - HistoryError       the conversation store failed
  - FetchError         a bibliographic service failed, or must not be reached

Messages are one sentence that names what is wrong and, where a command mends it, ends with that command.
"""


class SequiturError(Exception):
    """Root of all errors that are explained to the user in one line; `code` is stable for scripts."""

    code = "error"
    exit_code = 1


class QuestionError(SequiturError):
    """The question cannot be asked; nothing was stored."""

    code = "bad-question"
    exit_code = 2


class SettingsError(SequiturError):
    """A setting is missing, unknown or out of range."""

    code = "bad-setting"
    exit_code = 2


class InputError(SequiturError):
    """A file given to a command is missing or malformed."""

    code = "bad-input"
    exit_code = 2


class CorpusError(SequiturError):
    """A document or an article cannot be read."""

    code = "bad-corpus"


class StoreError(SequiturError):
    """No usable index: missing, damaged, foreign, or embedded by another model."""

    code = "bad-index"


class ModelError(SequiturError):
    """An embedding or chat model failed."""

    code = "model-failed"

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        """`retryable`: whether the same call may succeed later."""
        super().__init__(message)
        self.retryable = retryable


class HistoryError(SequiturError):
    """Conversations cannot be read or written."""

    code = "history-failed"


class FetchError(SequiturError):
    """A bibliographic service cannot be reached, does not answer as documented, or must not be reached."""

    code = "fetch-failed"
