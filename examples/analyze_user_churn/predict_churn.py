# predict_churn.py - predict_churn(user_features): how likely a user is to leave: a logistic model.
from math import exp

from heliosdb_wasm import Json

WEIGHTS = {"activity": -3.0, "recency": 6.0, "steadiness": -1.5}
BIAS = 1.25


def predict_churn(user_features: Json) -> float:
    z = BIAS
    for name, weight in WEIGHTS.items():
        z += weight * user_features[name]
    return 1 / (1 + exp(-z))
