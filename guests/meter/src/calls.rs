//! Who can call whom.

use petgraph::Direction::{Incoming, Outgoing};
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use walrus::ir::{Call, CallIndirect, ReturnCall, ReturnCallIndirect, Visitor, dfs_in_order};
use walrus::{ConstExpr, ElementItems, FunctionId, LocalFunction, Module, TypeId};

/// A set of functions that every cycle of calls, direct or through a table, passes: if these pay, no recursion is free.
/// `paid` pays at its own entry, so cycles through it do not count.
///
/// A call through a table can reach every function of its type that the module puts in a table: an over-estimate,
/// which only makes more functions pay. The set is found greedily (the smallest is NP-hard to find): from each knot of
/// functions that reach each other, the one with the most ways in and out is taken, until no knot is left. Of two alike
/// the larger is taken, as paying costs it less in proportion.
pub fn cycle_breakers(module: &Module, paid: Option<FunctionId>) -> HashSet<FunctionId> {
    let mut graph = graph(module, paid);
    let mut breakers = HashSet::new();
    loop {
        let knots: Vec<Vec<NodeIndex>> = tarjan_scc(&graph)
            .into_iter()
            .filter(|knot| knot.len() > 1 || graph.contains_edge(knot[0], knot[0]))
            .collect();
        if knots.is_empty() {
            return breakers;
        }
        for knot in knots {
            let members: HashSet<NodeIndex> = knot.iter().copied().collect();
            let ways = |node, direction| {
                graph.neighbors_directed(node, direction).filter(|other| members.contains(other)).count()
            };
            let weight = |node: &NodeIndex| {
                let Some(id) = graph[*node] else { return (0, 0) }; // a type cannot pay
                let function = module.funcs.get(id).kind.unwrap_local();
                (ways(*node, Incoming) * ways(*node, Outgoing), function.size())
            };
            let breaker = knot.into_iter().max_by_key(weight).expect("a knot has members");
            breakers.extend(graph[breaker]);
            let edges: Vec<_> = graph.edges(breaker).map(|edge| edge.id()).collect();
            graph.retain_edges(|_, edge| !edges.contains(&edge));
        }
    }
}

/// Local functions but `paid`, and the types of calls through tables, by who calls whom.
fn graph(module: &Module, paid: Option<FunctionId>) -> DiGraph<Option<FunctionId>, ()> {
    let mut graph = DiGraph::new();
    let functions: BTreeMap<FunctionId, NodeIndex> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| Some(*id) != paid)
        .map(|(id, _)| (id, graph.add_node(Some(id))))
        .collect();
    let types: BTreeMap<TypeId, NodeIndex> = module.types.iter().map(|ty| (ty.id(), graph.add_node(None))).collect();
    for id in in_tables(module) {
        if let (Some(function), Some(ty)) = (functions.get(&id), types.get(&module.funcs.get(id).ty())) {
            graph.update_edge(*ty, *function, ());
        }
    }
    for (id, caller) in &functions {
        let calls = Calls::of(module.funcs.get(*id).kind.unwrap_local());
        let direct = calls.direct.iter().filter_map(|callee| functions.get(callee));
        let indirect = calls.indirect.iter().filter_map(|ty| types.get(ty));
        for callee in direct.chain(indirect) {
            graph.update_edge(*caller, *callee, ());
        }
    }
    graph
}

/// Functions that a table may hold: those of element segments, and those whose reference is taken.
fn in_tables(module: &Module) -> BTreeSet<FunctionId> {
    let mut found = BTreeSet::new();
    for element in module.elements.iter() {
        match &element.items {
            ElementItems::Functions(functions) => found.extend(functions.iter().copied()),
            ElementItems::Expressions(_, items) => found.extend(items.iter().filter_map(|item| match item {
                ConstExpr::RefFunc(function) => Some(*function),
                _ => None,
            })),
        }
    }
    for (_, function) in module.funcs.iter_local() {
        found.extend(Calls::of(function).references);
    }
    found
}

#[derive(Default)]
struct Calls {
    direct: BTreeSet<FunctionId>,
    indirect: BTreeSet<TypeId>,
    references: BTreeSet<FunctionId>,
}

impl Calls {
    fn of(function: &LocalFunction) -> Self {
        let mut calls = Self::default();
        dfs_in_order(&mut calls, function, function.entry_block());
        calls
    }
}

impl Visitor<'_> for Calls {
    fn visit_call(&mut self, call: &Call) {
        self.direct.insert(call.func);
    }

    fn visit_return_call(&mut self, call: &ReturnCall) {
        self.direct.insert(call.func);
    }

    fn visit_call_indirect(&mut self, call: &CallIndirect) {
        self.indirect.insert(call.ty);
    }

    fn visit_return_call_indirect(&mut self, call: &ReturnCallIndirect) {
        self.indirect.insert(call.ty);
    }

    fn visit_ref_func(&mut self, reference: &walrus::ir::RefFunc) {
        self.references.insert(reference.func);
    }
}
