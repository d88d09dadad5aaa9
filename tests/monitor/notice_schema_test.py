"""docs/notice.schema.json holds what webhooks are sent, and says no to what they must not be sent."""
import copy
import json
import os
import pathlib
import unittest

import jsonschema

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
NOTICE = json.loads((SOURCE / "tests/monitor/golden/notice.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(json.loads((SOURCE / "docs/notice.schema.json").read_text()))


class Schema(unittest.TestCase):
    def test_it_holds_what_is_sent(self):
        jsonschema.Draft7Validator.check_schema(VALIDATOR.schema)
        self.assertEqual([error.message for error in VALIDATOR.iter_errors(NOTICE)], [])

    def test_it_knows_every_field(self):
        for part, fields in ((NOTICE, VALIDATOR.schema["properties"]),
                             *((change, VALIDATOR.schema["definitions"]["change"]["properties"]) for change in NOTICE["changes"]),
                             *((change["to"], VALIDATOR.schema["definitions"]["verdict"]["properties"]) for change in NOTICE["changes"])):
            self.assertEqual(set(part) - set(fields), set())

    def test_it_refuses_what_is_not_a_notice(self):
        for name, spoil in {"another schema": lambda n: n.update(schema="fwprobe/notice/v2"),
                            "no changes": lambda n: n.pop("changes"),
                            "a kind that is none": lambda n: n["changes"][0].update(kind="broken"),
                            "a state without its status": lambda n: n["changes"][0]["to"].pop("status"),
                            "too many changes": lambda n: n.update(changes=n["changes"] * 100)}.items():
            with self.subTest(name):
                spoilt = copy.deepcopy(NOTICE)
                spoil(spoilt)
                self.assertFalse(VALIDATOR.is_valid(spoilt))


if __name__ == "__main__":
    unittest.main()
