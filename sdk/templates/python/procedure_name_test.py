"""procedure_name_test.py - python3 -m unittest procedure_name_test: the procedure without a database."""
import unittest

import heliosdb.mock
from heliosdb import HeliosError

from procedure_name import procedure_name


class Test(unittest.TestCase):
    def setUp(self):
        self.host = heliosdb.mock.install()  # answers what procedures ask: host.answer("SELECT ...", [{...}])

    def test_tax(self):
        self.assertAlmostEqual(procedure_name(100.0), 119.0)

    def test_refused(self):
        with self.assertRaises(HeliosError):
            procedure_name(100.0, -1.0)


if __name__ == "__main__":
    unittest.main()
