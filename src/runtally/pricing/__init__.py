"""What one usage report costs: by the prices bundled with genai-prices, and before those by a file of one's own.

Never over the network. Three rooms: who sells a model (`sellers`), what a list of prices makes of token counts
(`price_list`), and where the lists come from (`listed` is the library's, `own` the file's).
"""

from runtally.pricing.listed import load, price
from runtally.pricing.price_list import Price

__all__ = ["Price", "load", "price"]
