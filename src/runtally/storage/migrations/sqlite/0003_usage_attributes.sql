-- compatible from: 1
-- What a vendor's usage object says that has no column, as JSON; in the first row of a report alone.
-- Without a CHECK: SQLite would try it on every row that is there, while a host waits for the server to start.

ALTER TABLE usage_reports ADD COLUMN attributes_json TEXT;
