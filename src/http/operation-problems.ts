/** Codes of the routes of operations, for the table of all codes. */
export const operationProblems = {
  'job-not-found': {
    status: 404,
    title: 'No such job',
    explanation: 'There is no job with this id. A job is kept for 30 days after its end.',
  },
  'job-running': {
    status: 409,
    title: 'Such a job runs already',
    explanation: 'One job at a time works on a read model: `detail` names it. Wait for its end, or cancel it.',
  },
  'not-quarantined': {
    status: 409,
    title: 'Nothing is quarantined there',
    explanation:
      'The key is not in quarantine, or not at that revision. List the quarantine, then decide again. ' +
      'An event that a newer release wrote is never skipped: start that release.',
  },
  'read-model-busy': {
    status: 409,
    title: 'The read model is busy',
    explanation: 'It is being rebuilt or switched. Try again when that has ended.',
    retryAfter: 5,
  },
} as const;
