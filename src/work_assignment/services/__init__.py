"""One use case a module: gather facts, ask the domain, store the answer."""
