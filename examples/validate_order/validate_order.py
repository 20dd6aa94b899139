# validate_order.py - validate_order(order_id): are all items of an order in stock?
from heliosdb_wasm import heliosdb_query, heliosdb_log


def validate_order(order_id: int) -> bool:
    """Validate an order has all required items in stock

    @helios capability query, read:order_items, read:inventory, log
    """
    # Get order items
    items = heliosdb_query("SELECT product_id, quantity FROM order_items WHERE order_id = ?1", order_id)

    # Check inventory for each item
    for item in items:
        product_id = item["product_id"]
        quantity = item["quantity"]
        inventory = heliosdb_query("SELECT available_quantity FROM inventory WHERE product_id = ?1", product_id)
        available = inventory[0]["available_quantity"]
        if available < quantity:
            heliosdb_log("warn", f"Insufficient stock for product {product_id}")
            return False

    heliosdb_log("info", f"Order {order_id} validated successfully")
    return True
