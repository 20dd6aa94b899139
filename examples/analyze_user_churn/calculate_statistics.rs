//! calculate_statistics.rs - calculate_statistics(data): what a user did, of a byte a day that is the day's sessions and one.

use heliosdb_wasm_sdk::*;

fn mean(days: &[f64]) -> f64 {
    if days.is_empty() {
        return 0.0;
    }
    days.iter().sum::<f64>() / days.len() as f64
}

/// Days, sessions a day on average, the most of them, the average of the last seven days, days since the last session.
#[heliosdb_procedure]
fn calculate_statistics(data: &[u8]) -> Json {
    let days: Vec<f64> = data.iter().map(|b| f64::from(b.saturating_sub(1))).collect();
    let idle = days.iter().rev().take_while(|n| **n == 0.0).count();
    Json::object([
        ("days", (days.len() as i64).into()),
        ("mean", mean(&days).into()),
        ("max", (days.iter().fold(0.0f64, |a, b| a.max(*b)) as i64).into()),
        ("last_week", mean(&days[days.len().saturating_sub(7)..]).into()),
        ("idle_days", Json::from(idle as i64)),
    ])
}
