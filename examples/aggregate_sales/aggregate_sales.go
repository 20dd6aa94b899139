// aggregate_sales.go - aggregate_sales(start_date, end_date): the sales of a range of days, each of them and in sum.
package main

import (
	"fmt"

	"heliosdb"
)

// AggregateSales sums the orders of a range.
// @helios name aggregate_sales
// @helios capability query, read:orders, clock, log
func AggregateSales(startDate string, endDate string) (map[string]any, error) {
	// Query sales data
	results, err := heliosdb.QueryMaps(`
		SELECT DATE(order_date) AS date, SUM(total) AS daily_total, COUNT(*) AS order_count, AVG(total) AS avg_order_value
		FROM orders WHERE order_date BETWEEN ?1 AND ?2
		GROUP BY DATE(order_date) ORDER BY date`, startDate, endDate)
	if err != nil {
		return nil, err
	}

	// Calculate summary statistics
	var totalRevenue, average float64
	var totalOrders int64
	for _, row := range results {
		totalRevenue += row["daily_total"].(float64)
		totalOrders += row["order_count"].(int64)
	}
	if totalOrders > 0 {
		average = totalRevenue / float64(totalOrders)
	}

	heliosdb.Info(fmt.Sprintf("Aggregated %d orders totaling $%.2f", totalOrders, totalRevenue))
	return map[string]any{
		"total_revenue":   totalRevenue,
		"total_orders":    totalOrders,
		"avg_order_value": average,
		"daily_breakdown": results,
	}, nil
}

func main() {}
