(module (func (export "x") (result i32)))
