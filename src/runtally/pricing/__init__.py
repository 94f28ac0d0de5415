"""What one usage report costs: by the prices bundled with genai-prices, and before those by a file of one's own.

Never over the network. Who sells a model is in `sellers`, what a list of prices makes of token counts in `price_list`,
and where the lists come from in `listed` (the library's), `own` (one's own) and `own_file` (how those are read).
"""

from runtally.pricing.listed import load, price
from runtally.pricing.price_list import Price

__all__ = ["Price", "load", "price"]
