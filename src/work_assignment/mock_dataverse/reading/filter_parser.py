"""$filter text -> syntax tree; parameter aliases are replaced by what they stand for on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from ..conditions.filter_tree import (
    And,
    Bare,
    Boolean,
    Comparison,
    Day,
    Guid,
    Lambda,
    Literal,
    Member,
    Moment,
    Node,
    Not,
    Null,
    Number,
    Operand,
    Operator,
    Or,
    Property,
    Quantifier,
    QueryFunction,
    Text,
    TextList,
    TextMatch,
)
from ..faults import Fault, bad_request, not_emulated
from .filter_tokens import Kind, Token, syntax_error, tokens

DEEPEST_NESTING = 30
THE_ROW = "$it"
QUERY_FUNCTION_PREFIX = "Microsoft.Dynamics.CRM."
TEXT_FUNCTIONS = frozenset({"contains", "startswith", "endswith"})
_CONSTANTS: dict[str, Literal] = {"true": Boolean(True), "false": Boolean(False), "null": Null()}
_LITERAL_KINDS = frozenset({Kind.TEXT, Kind.GUID, Kind.MOMENT, Kind.DAY, Kind.NUMBER})
_ENDINGS = frozenset({"and", "or", ")"})
_OPERATORS = frozenset(Operator)
_QUANTIFIERS = frozenset(Quantifier)


def parse_filter(text: str, aliases: Mapping[str, str] | None = None) -> Node:
    """Parse a filter; `aliases` maps `@p` to the text given for it (an unset one is null).
    Without `aliases` none may be used, as inside $expand."""
    return _Parser(text, aliases).whole()


def parse_literal(text: str) -> Literal | TextList:
    """Parse one literal or one list of texts, as a parameter alias or a key value holds it."""
    return _Parser(text, None).only_literal()


class _Parser:
    """Recursive descent: or, and, not, then one condition. Names are checked later, not here."""

    def __init__(self, text: str, aliases: Mapping[str, str] | None) -> None:
        self._text = text
        self._aliases = aliases
        self._tokens = list(tokens(text))
        self._index = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._disjunction()
        self._expect_end()
        return node

    def only_literal(self) -> Literal | TextList:
        value = self._value()
        self._expect_end()
        return value

    def only_operand(self) -> Operand:
        operand = self._operand()
        self._expect_end()
        return operand

    # tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._index]

    def _error(self) -> Fault:
        return syntax_error(self._text, self._token.position)

    def _expect_end(self) -> None:
        if self._token.kind is not Kind.END:
            raise self._error()

    def _take(self) -> Token:
        token = self._token
        if token.kind is Kind.END:
            raise self._error()
        self._index += 1
        return token

    def _at(self, text: str, kind: Kind = Kind.MARK, *, ahead: int = 0) -> bool:
        index = min(self._index + ahead, len(self._tokens) - 1)
        return self._tokens[index].kind is kind and self._tokens[index].text == text

    def _accept(self, text: str, kind: Kind = Kind.MARK) -> bool:
        if not self._at(text, kind):
            return False
        self._index += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._error()

    def _name(self) -> str:
        token = self._take()
        if token.kind is not Kind.NAME:
            raise syntax_error(self._text, token.position)
        return token.text

    # conditions

    def _disjunction(self) -> Node:
        terms = self._series("or", self._conjunction, Or)
        return terms[0] if len(terms) == 1 else Or(terms)

    def _conjunction(self) -> Node:
        terms = self._series("and", self._negation, And)
        return terms[0] if len(terms) == 1 else And(terms)

    def _series(
        self, word: str, term: Callable[[], Node], joined: type[And] | type[Or]
    ) -> tuple[Node, ...]:
        """Read `a or b or c`; a term in parentheses that is of the same kind is taken apart."""
        terms: list[Node] = []
        while True:
            node = term()
            terms.extend(node.terms if isinstance(node, joined) else (node,))
            if not self._accept(word, Kind.NAME):
                return tuple(terms)

    def _negation(self) -> Node:
        if not self._accept("not", Kind.NAME):
            return self._condition()
        start = self._index
        operand = self._nested(self._negation)
        if isinstance(operand, Comparison) and self._tokens[start].text != "(":
            raise bad_request(
                "A unary operator with an incompatible type was detected. "
                f"Put the comparison after 'not' in parentheses in '{self._text}'."
            )
        return Not(operand)

    def _nested(self, part: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise not_emulated(f"a $filter nested deeper than {DEEPEST_NESTING} levels")
        node = part()
        self._depth -= 1
        return node

    def _condition(self) -> Node:
        if self._accept("("):
            node = self._nested(self._disjunction)
            self._expect(")")
        elif self._token.kind is Kind.NAME and self._at("(", ahead=1):
            node = self._function()
        else:
            return self._path_or_comparison()
        if self._token.text in _OPERATORS:
            raise not_emulated(f"comparing the result of a condition in '{self._text}'")
        return node

    def _path_or_comparison(self) -> Node:
        left = self._operand()
        if isinstance(left, Property) and left.path[-1] in _QUANTIFIERS and self._at("("):
            return self._lambda(left)
        token = self._token
        if token.kind is Kind.NAME and token.text == "in":
            raise _no_membership(self._text)
        if token.kind is not Kind.NAME or token.text not in _OPERATORS:
            if isinstance(left, Property) and (token.kind is Kind.END or token.text in _ENDINGS):
                return Bare(left)
            raise self._error()
        self._index += 1
        return Comparison(left, Operator(token.text), self._operand())

    def _operand(self) -> Operand:
        if self._token.kind is Kind.ALIAS:
            return self._aliased_operand()
        if self._token.kind in _LITERAL_KINDS or self._token.text in _CONSTANTS:
            return self._literal()
        token = self._token
        if token.kind is Kind.NAME and self._at("(", ahead=1):
            raise unknown_function(token.text)
        name = self._name()
        if self._token.kind is Kind.TEXT and self._token.position == token.position + len(name):
            return Member(name, _unquoted(self._take().text))
        path = [name]
        while self._accept("/"):
            path.append(self._name())
        if path[-1] == THE_ROW:
            raise syntax_error(self._text, token.position)
        return Property(tuple(path))

    def _lambda(self, start: Property) -> Lambda:
        *path, quantifier = start.path
        self._expect("(")
        if not path:
            raise self._error()
        if quantifier == Quantifier.ANY and self._accept(")"):
            return Lambda(tuple(path), Quantifier.ANY)
        variable = self._name()
        self._expect(":")
        body = self._nested(self._disjunction)
        self._expect(")")
        return Lambda(tuple(path), Quantifier(quantifier), variable, body)

    # functions

    def _function(self) -> Node:
        name = self._name()
        self._expect("(")
        if name in TEXT_FUNCTIONS:
            return self._text_match(name)
        if name.startswith(QUERY_FUNCTION_PREFIX):
            return self._query_function(name.removeprefix(QUERY_FUNCTION_PREFIX))
        raise unknown_function(name)

    def _text_match(self, function: str) -> TextMatch:
        subject = self._operand()
        if not isinstance(subject, Property):
            raise bad_request(f"The first argument of {function} must be a column.")
        self._expect(",")
        value = self._operand()
        self._expect(")")
        return TextMatch(function, subject, value)

    def _query_function(self, name: str) -> QueryFunction:
        arguments: list[tuple[str, Literal | TextList]] = []
        while not self._accept(")"):
            if arguments:
                self._expect(",")
            argument = self._name()
            self._expect("=")
            arguments.append((argument, self._value()))
        return QueryFunction(name, tuple(arguments))

    # literals

    def _value(self) -> Literal | TextList:
        if not self._accept("["):
            return self._literal_or_list()
        values: list[str] = []
        while not self._accept("]"):
            if values:
                self._expect(",")
            values.append(self._list_member())
        return TextList(tuple(values))

    def _list_member(self) -> str:
        token = self._take()
        match token.kind:
            case Kind.JSON_TEXT:
                return self._json_text(token)
            case Kind.TEXT:
                return _unquoted(token.text)
            case Kind.NUMBER | Kind.GUID | Kind.DAY | Kind.MOMENT:
                return token.text
        raise syntax_error(self._text, token.position)

    def _json_text(self, token: Token) -> str:
        try:
            text = str(json.loads(token.text, strict=False))
            text.encode()  # half a surrogate pair is no text that could be stored
        except ValueError as exc:
            raise syntax_error(self._text, token.position) from exc
        return text

    def _literal_or_list(self) -> Literal | TextList:
        if self._token.kind is Kind.ALIAS:
            given = self._alias()
            return Null() if given is None else parse_literal(given)
        return self._literal()

    def _aliased_operand(self) -> Operand:
        """Read an alias in a comparison, where it may also stand for a column
        (Learn: Filter rows using OData)."""
        given = self._alias()
        if given is None:
            return Null()
        if given.lstrip().startswith("["):
            raise bad_request(f"A list cannot stand here in '{self._text}'.")
        return _Parser(given, None).only_operand()

    def _alias(self) -> str | None:
        if self._aliases is None:
            raise bad_request(f"The parameter alias in '{self._text}' is not allowed here.")
        return self._aliases.get(self._take().text)

    def _literal(self) -> Literal:
        token = self._take()
        match token.kind:
            case Kind.TEXT:
                return Text(_unquoted(token.text))
            case Kind.GUID:
                return Guid(token.text.lower())
            case Kind.NUMBER:
                return _number(token.text)
            case Kind.NAME if token.text in _CONSTANTS:
                return _CONSTANTS[token.text]
            case Kind.MOMENT | Kind.DAY:
                return self._date(token)
        raise syntax_error(self._text, token.position)

    def _date(self, token: Token) -> Day | Moment:
        try:
            if token.kind is Kind.DAY:
                return Day(date.fromisoformat(token.text))
            return Moment(_moment(token.text))
        except (ValueError, OverflowError) as exc:
            raise bad_request(f"Unrecognized literal '{token.text}' in '{self._text}'.") from exc


def _moment(text: str) -> datetime:
    """Read an ISO 8601 text with zone; what a second has beyond six digits is cut off."""
    head, dot, rest = text.partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        text = f"{head}.{rest[:digits][:6]:0<6}{rest[digits:]}"
    return datetime.fromisoformat(text).astimezone(UTC)


def _number(text: str) -> Number:
    """Read a number; one beyond 64 bits becomes a float, which is what SQLite could compare."""
    if text.lstrip("-").isdigit() and len(text) <= 18:
        return Number(int(text))
    return Number(float(text))


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _no_membership(text: str) -> Fault:
    """Refuse the operator of OData 4.01 in Dataverse's own words, which it says with 501."""
    return Fault(
        501,
        "0x80060888",
        "The method or operation is not implemented. "
        f"Dataverse has no operator 'in', as in '{text}'; use {QUERY_FUNCTION_PREFIX}In.",
    )


def unknown_function(name: str) -> Fault:
    """The refusal of a function that Dataverse does not have, or not in a filter."""
    return bad_request(
        f"An unknown function with name '{name}' was found. "
        "This may also be a function import or a key lookup on a navigation property, "
        "which is not allowed."
    )
