"""The graph at /graphql: what REST shows and does, as one schema that clients ask for what they need.

How a request goes: `server` reads it as REST does its bodies and admits who calls; `cost` weighs the document before
anything else looks at it; `schema` executes it. Nothing is decided here: queries ask the same read models and use cases
as REST, mutations call the same commands.

- `server`, `documents`, `limits`, `cost`: the request, and what of it is refused.
- `schema`: the parts as one schema.
- `context`: what a resolver is given: who calls, what has been committed, the loaders of this operation.
- `access`: who may see a field. Every field of Query and Mutation says so, and every edge to what not everybody sees.
- `errors`: refusals, as errors of a query and as members of a mutation's union.
- `types/`, `connections`, `loaders`, `queries`, `mutations`: the graph itself.
"""
