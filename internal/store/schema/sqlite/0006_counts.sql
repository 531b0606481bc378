-- the fleet in numbers is read from the first alone, and searches find the ids
-- of their page in the second: the rows of 100,000 devices are 60 MB.
CREATE INDEX device_kind ON device (driver, model, version, id, search);
CREATE INDEX device_search ON device (id, search, driver, model, version);
