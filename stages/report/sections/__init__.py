"""The sections of the report: a module and a template of the same name each. See `page`."""
