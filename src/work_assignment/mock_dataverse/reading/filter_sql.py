"""$filter syntax tree -> WHERE clause with bound values.

Every condition is either true or not, as in Dataverse, which turns a filter into conditions of its
own: `not` is carried inwards to them, so that `not (a gt 1)` means `a le 1`, and `not (a eq 1)`
means `a ne 1`, which a null column fulfils.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..conditions.choices import check_comparison
from ..conditions.circumstances import Circumstances
from ..conditions.comparisons import (
    ALWAYS,
    INVERSE,
    NEVER,
    Fragment,
    all_of,
    any_of,
    compared,
    compared_columns,
    exists,
    like,
    negated,
    not_like,
    quoted,
)
from ..conditions.comparisons import Operand as FunctionOperand
from ..conditions.filter_tree import (
    And,
    Bare,
    Comparison,
    Lambda,
    Node,
    Not,
    Null,
    Operand,
    Operator,
    Or,
    Property,
    Quantifier,
    QueryFunction,
    Text,
    TextMatch,
)
from ..conditions.literals import (
    edm_type,
    family,
    incompatible,
    literal_type,
    shown_literal,
    stored_literal,
)
from ..faults import Fault, bad_request, not_emulated, unknown_property
from ..tables.metadata import Catalog, Column, ColumnType, ManyToMany, OneToMany
from .filter_functions import query_function
from .filter_parser import THE_ROW
from .source import Joined, Source, child_link, not_single_valued, partner_side

_PATTERNS = {"contains": "%{}%", "startswith": "{}%", "endswith": "%{}"}
_MIRRORED = {
    Operator.EQ: Operator.EQ,
    Operator.NE: Operator.NE,
    Operator.GT: Operator.LT,
    Operator.LT: Operator.GT,
    Operator.GE: Operator.LE,
    Operator.LE: Operator.GE,
}

_OPPOSITE = {Operator.EQ: Operator.NE, Operator.NE: Operator.EQ}


def where(node: Node, source: Source, circumstances: Circumstances) -> Fragment:
    """Compile a filter on the rows of `source`, which gets the joins that paths need."""
    return _Scope(source, circumstances, {THE_ROW: source}).condition(node, wanted=True)


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where names are looked up: the rows being filtered, and the variables of lambdas."""

    source: Source
    circumstances: Circumstances
    variables: Mapping[str, Source]
    is_lambda: bool = False

    def condition(self, node: Node, *, wanted: bool) -> Fragment:
        """Compile one node; `wanted` is false below an odd number of `not`."""
        match node:
            case And(terms):
                joined = all_of if wanted else any_of
                return joined([self.condition(term, wanted=wanted) for term in terms])
            case Or(terms):
                joined = any_of if wanted else all_of
                return joined([self.condition(term, wanted=wanted) for term in terms])
            case Not(operand):
                return self.condition(operand, wanted=not wanted)
            case Comparison():
                return self._comparison(node, wanted)
            case Bare(prop):
                raise self._not_compared(prop)
            case TextMatch():
                return self._text_match(node, wanted)
            case Lambda():
                found = self._lambda(node)
                return found if wanted else negated(found)
            case QueryFunction() if wanted:
                return query_function(node, self._operand, self.circumstances)
        raise bad_request(
            "Not operator along with the Custom Named Condition operators is not allowed"
        )

    # names

    def _column(self, prop: Property) -> tuple[str, Column]:
        """Return the SQL and the definition of the column that a property names."""
        source, path = self._start(prop.path)
        joined, column = source.column(path)
        return joined.sql(column.logical_name), column

    def _operand(self, name: str) -> FunctionOperand:
        """Resolve PropertyName, which may also be the logical name of a lookup."""
        path = tuple(name.split("/"))
        source, path = self._start(path) if path[0] in self.variables else (self.source, path)
        joined, column = source.owner(path) or source.logical_column(path)
        expression = joined.sql(column.logical_name)
        return FunctionOperand(expression, column, joined.table.logical_name)

    def _start(self, path: tuple[str, ...]) -> tuple[Source, tuple[str, ...]]:
        """Find where a path starts: inside a lambda at a variable, else at the row itself."""
        variable = self.variables.get(path[0])
        if not self.is_lambda and path[0] != THE_ROW:
            return self.source, path
        if variable is None or len(path) == 1:
            raise unknown_property(path[0], self.source.base.table.logical_name)
        return variable, path[1:]

    def _navigation(self, operand: Operand) -> tuple[Joined, OneToMany] | None:
        """Where a property that is a single-valued navigation property leads; else None."""
        if not isinstance(operand, Property):
            return None
        source, path = self._start(operand.path)
        if source.owner(path) is not None:
            return None
        joined = source.along(path[:-1])
        if joined.table.column_by_wire_name(path[-1]) is not None:
            return None
        relation = self.source.catalog.single_valued(joined.table.logical_name, path[-1])
        return None if relation is None else (joined, relation)

    # conditions

    def _comparison(self, node: Comparison, wanted: bool) -> Fragment:
        operator = node.operator if wanted else INVERSE[node.operator]
        for side, other in ((node.left, node.right), (node.right, node.left)):
            navigation = self._navigation(side)
            if navigation is not None:
                return self._presence(*navigation, operator, other)
        match node.left, node.right:
            case Property() as left, Property() as right:
                return self._columns(left, operator, right)
            case Property() as left, literal:
                return self._with_literal(left, operator, literal)
            case literal, Property() as right:
                return self._with_literal(right, _MIRRORED[operator], literal)
        raise not_emulated("comparing two constants in $filter")

    def _not_compared(self, prop: Property) -> Fault:
        """Say what is wrong with a property that stands alone as a condition."""
        _, column = self._column(prop)
        if column.type is ColumnType.BOOLEAN:
            return not_emulated(f"a condition without comparison: '{prop}'; add 'eq true'")
        return bad_request(
            f"The $filter expression must evaluate to a single boolean value, which '{prop}' is not."
        )

    def _presence(
        self, joined: Joined, relation: OneToMany, operator: Operator, other: Operand
    ) -> Fragment:
        """Ask whether a navigation property leads to a row, which is all it can be asked."""
        type_name = f"Microsoft.Dynamics.CRM.{relation.referenced_table}"
        if not isinstance(other, Null) or operator not in (Operator.EQ, Operator.NE):
            what = f"The column is '{relation.referencing_navigation}', the value {_shown(other)}."
            raise incompatible(type_name, self._type_of(other), operator, what)
        lookup = joined.table.columns[relation.referencing_column]
        expression = joined.sql(lookup.logical_name)
        if not lookup.is_polymorphic or relation.referencing_navigation == lookup.logical_name:
            return compared(expression, operator, None)
        kind = joined.sql(f"{lookup.logical_name}__type")
        return compared(kind, _OPPOSITE[operator], relation.referenced_table)

    def _type_of(self, operand: Operand) -> str:
        if not isinstance(operand, Property):
            return literal_type(operand)
        navigation = self._navigation(operand)
        if navigation is not None:
            return f"Microsoft.Dynamics.CRM.{navigation[1].referenced_table}"
        return edm_type(self._column(operand)[1])

    def _with_literal(self, prop: Property, operator: Operator, operand: Operand) -> Fragment:
        if isinstance(operand, Property):
            return self._columns(prop, operator, operand)
        expression, column = self._column(prop)
        value = stored_literal(column, operand, operator)
        check_comparison(column, operator)
        return compared(expression, operator, value)

    def _columns(self, left: Property, operator: Operator, right: Property) -> Fragment:
        first, first_column = self._column(left)
        second, second_column = self._column(right)
        if family(first_column) != family(second_column):
            what = f"The columns are '{left}' and '{right}'."
            raise incompatible(edm_type(first_column), edm_type(second_column), operator, what)
        check_comparison(first_column, operator)
        return compared_columns(first, operator, second)

    def _text_match(self, node: TextMatch, wanted: bool) -> Fragment:
        expression, column = self._column(node.property)
        if not column.type.is_text:
            raise _no_such_overload(node, edm_type(column), self._type_of(node.value))
        match node.value:
            case Text(text):
                pattern = _PATTERNS[node.function].format(text)
                return like(expression, pattern) if wanted else not_like(expression, pattern)
            case Null():
                return NEVER if wanted else ALWAYS
            case Property():
                raise bad_request(
                    f"The function {node.function} compares a column with a text, not with "
                    f"another column: '{node.property}' with '{node.value}'."
                )
            case literal:
                raise _no_such_overload(node, edm_type(column), literal_type(literal))

    # lambdas

    def _lambda(self, node: Lambda) -> Fragment:
        start, path = self._start(node.path)
        *along, collection = path
        if along:
            raise bad_request(
                f"The path '{'/'.join(node.path)}' goes through a lookup to a collection, "
                "which any and all do not support."
            )
        inner, link = self._related(start.base, collection)
        if node.variable is None or node.body is None:
            return exists(inner.sql, link)
        variables = {**self.variables, node.variable: inner}
        scope = _Scope(inner, self.circumstances, variables, is_lambda=True)
        body = scope.condition(node.body, wanted=True)
        if node.quantifier is Quantifier.ANY:
            return exists(inner.sql, all_of((link, body)))
        others = exists(inner.sql, all_of((link, negated(body))))
        return all_of((exists(inner.sql, link), Fragment(f"NOT {others.sql}", others.params)))

    def _related(self, parent: Joined, navigation: str) -> tuple[Source, Fragment]:
        """Open the rows behind a collection: their source, and what ties them to the parent."""
        catalog = self.source.catalog
        name = parent.table.logical_name
        one_to_many = catalog.collection_valued(name, navigation)
        if one_to_many is not None:
            return _children(catalog, self.source, parent, one_to_many)
        many = catalog.many_valued(name, navigation)
        if many is not None:
            return _partners(catalog, self.source, parent, many, navigation)
        if catalog.single_valued(name, navigation) is not None:
            raise bad_request(f"any and all need a collection, which '{navigation}' is not.")
        raise not_single_valued(catalog, parent.table, navigation)


def _children(
    catalog: Catalog, outer: Source, parent: Joined, relation: OneToMany
) -> tuple[Source, Fragment]:
    inner = Source(catalog, catalog.tables[relation.referencing_table], outer.aliases)
    key = parent.sql(parent.table.primary_id)
    return inner, child_link(inner.base, relation, key)


def _partners(
    catalog: Catalog, outer: Source, parent: Joined, relation: ManyToMany, navigation: str
) -> tuple[Source, Fragment]:
    side = partner_side(relation, parent.table.logical_name, navigation)
    inner = Source(catalog, catalog.tables[side.table], outer.aliases)
    between = next(outer.aliases)
    own = f"{between}.{quoted(side.own_column)} = {parent.sql(parent.table.primary_id)}"
    other = f"{between}.{quoted(side.column)} = {inner.base.sql(inner.base.table.primary_id)}"
    intersect = f"{quoted(relation.intersect_table)} AS {between}"
    return inner, exists(intersect, all_of((Fragment(own), Fragment(other))))


def _shown(operand: Operand) -> str:
    return f"'{operand}'" if isinstance(operand, Property) else shown_literal(operand)


def _no_such_overload(node: TextMatch, *types: str) -> Fault:
    function = node.function
    return bad_request(
        f"No function signature for the function with name '{function}' matches the specified "
        f"arguments. The function signatures considered are: {function}(Edm.String, Edm.String); "
        f"the arguments are of types {', '.join(types)}. The column is '{node.property}', the "
        f"value {_shown(node.value)}."
    )
