;; 13-many_resets.wat - written pages are learned and forgotten: five thousand resets, and the first byte of each
;;   page is zero every time.
;; invoke touch 0 -> 0
;; reset
;; invoke touch 37 -> 0
;; reset
;; invoke touch 74 -> 0
;; reset
;; invoke touch 11 -> 0
;; reset
;; invoke touch 48 -> 0
;; reset
;; invoke touch 85 -> 0
;; reset
;; invoke touch 22 -> 0
;; reset
;; invoke touch 59 -> 0
;; reset
;; invoke touch 96 -> 0
;; reset
;; invoke touch 33 -> 0
;; reset
;; repeat 450 20
;; invoke touch 99 -> 0
(module
  (memory 8)
  ;; What was in a page, which is then written.
  (func (export "touch") (param i32) (result i32)
    (i32.load (i32.mul (local.get 0) (i32.const 4096)))
    (i32.store (i32.mul (local.get 0) (i32.const 4096)) (i32.const 7))))
