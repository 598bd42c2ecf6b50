"""A person's own table becomes the project's data, rules, settings and model: read, looked at, drafted.

reading  any CSV or Parquet to typed rows    rules     the suite           settings  blocks of project.yml
columns  what each column is and does        model     model/, README.md   files     where it all goes
"""
