// transform_data.js - transform_data(input): what statistics say about a user, as numbers that a model takes.

/**
 * @param {json} input
 * @returns {json}
 */
export function transform_data(input) {
  const { days, mean, max, last_week, idle_days } = input;
  return {
    activity: mean > 0 ? last_week / mean : 0,
    recency: days > 0 ? idle_days / days : 1,
    steadiness: max > 0 ? mean / max : 0,
  };
}
