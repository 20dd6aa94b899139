;; 14-fuel_edges.wat - a fuel limit of one: the first checkpoint ends it; what spends nothing returns.
;; limit fuel 1
;; invoke spin -> trap FUEL
;; invoke spin -> trap FUEL
(module
  (func (export "spin") (loop $l (br $l))))
