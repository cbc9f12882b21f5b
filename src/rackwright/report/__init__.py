"""Outcome -> what each reader should see: page, HTML, Excel, Parquet, JSON; diff; explain."""
