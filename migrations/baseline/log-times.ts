/** The recorded times of a log that has no index by time. */
export const logTimes = `
  create table orderlog.log_times (
    position text collate "C" primary key,
    latest timestamptz not null
  );
  create index log_times_latest on orderlog.log_times (latest);
`;
