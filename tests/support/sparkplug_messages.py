"""Sparkplug B payloads by Google's own protocol buffers, from the specification's message table: it knows nothing of our decoder.

Source: Eclipse Sparkplug 3.0.0, 6.4.1. `message()` gives classes; the names of fields are the specification's.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]  # it comes without types
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # as above

_KINDS = {"double": 1, "float": 2, "uint64": 4, "bool": 8, "string": 9, "bytes": 12, "uint32": 13}
_VALUES = "uint32 int_value, uint64 long_value, float float_value, double double_value, bool boolean_value, string string_value"
_MESSAGES = {
    "Payload": "uint64 timestamp=1; *Metric metrics=2; uint64 seq=3; string uuid=4; bytes body=5",
    "Metric": "string name=1; uint64 alias=2; uint64 timestamp=3; uint32 datatype=4; bool is_historical=5; bool is_transient=6; "
    "bool is_null=7; MetaData metadata=8; PropertySet properties=9; |uint32 int_value=10; |uint64 long_value=11; |float float_value=12; "
    "|double double_value=13; |bool boolean_value=14; |string string_value=15; |bytes bytes_value=16; |DataSet dataset_value=17; "
    "|Template template_value=18",
    "MetaData": "bool is_multi_part=1; string content_type=2; uint64 size=3; uint64 seq=4; string file_name=5; string file_type=6; "
    "string md5=7; string description=8",
    "PropertySet": "*string keys=1; *PropertyValue values=2",
    "PropertySetList": "*PropertySet propertyset=1",
    "PropertyValue": "uint32 type=1; bool is_null=2; |uint32 int_value=3; |uint64 long_value=4; |float float_value=5; "
    "|double double_value=6; |bool boolean_value=7; |string string_value=8; |PropertySet propertyset_value=9; "
    "|PropertySetList propertysets_value=10",
    "DataSet": "uint64 num_of_columns=1; *string columns=2; *uint32 types=3; *Row rows=4",
    "Row": "*DataSetValue elements=1",
    "DataSetValue": "|uint32 int_value=1; |uint64 long_value=2; |float float_value=3; |double double_value=4; |bool boolean_value=5; "
    "|string string_value=6",
    "Template": "string version=1; *Metric metrics=2; *Parameter parameters=3; string template_ref=4; bool is_definition=5",
    "Parameter": "string name=1; uint32 type=2; |uint32 int_value=3; |uint64 long_value=4; |float float_value=5; |double double_value=6; "
    "|bool boolean_value=7; |string string_value=8",
}


@cache
def message(name: str = "Payload") -> Any:
    """The class of a message."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"sparkplug.{name}"))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug.proto", package="sparkplug", syntax="proto2")
    for name, fields in _MESSAGES.items():
        made = file.message_type.add(name=name)
        for each in fields.split("; "):
            kind, _, rest = each.lstrip("*|").partition(" ")
            field_name, _, number = rest.partition("=")
            field = made.field.add(name=field_name, number=int(number), label=3 if each[0] == "*" else 1)
            if kind in _KINDS:
                field.type = _KINDS[kind]
            else:
                field.type, field.type_name = 11, f".sparkplug.{kind}"
            if each[0] == "|":
                if not made.oneof_decl:
                    made.oneof_decl.add(name="value")
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


TYPES = {"Int8": 1, "Int16": 2, "Int32": 3, "Int64": 4, "UInt8": 5, "UInt16": 6, "UInt32": 7, "UInt64": 8, "Float": 9, "Double": 10}
TYPES |= {"Boolean": 11, "String": 12, "DateTime": 13, "Text": 14, "UUID": 15, "DataSet": 16, "Bytes": 17, "File": 18, "Template": 19}
_FIELD = {"Int64": "long", "UInt64": "long", "DateTime": "long", "Float": "float", "Double": "double", "Boolean": "boolean"}
_FIELD |= dict.fromkeys(("String", "Text", "UUID"), "string") | dict.fromkeys(("Bytes", "File"), "bytes")


def is_refused(data: bytes) -> bool:
    """Whether Google's library cannot read a payload."""
    try:
        message().FromString(data)
    except DecodeError:
        return True
    return False


def put(metric: Any, kind: str, value: Any) -> None:
    """Set a metric's value as the specification says for its data type: whole numbers with a sign as their two's complement."""
    if value is None:
        metric.is_null = True
    elif kind == "DataSet":
        metric.dataset_value.num_of_columns = value
    elif kind == "Template":
        metric.template_value.template_ref = value
    else:
        if kind in {"Int8", "Int16", "Int32", "Int64"}:
            value &= (1 << (64 if kind == "Int64" else 32)) - 1
        setattr(metric, f"{_FIELD.get(kind, 'int')}_value", value)


def got(metric: Any) -> Any:
    """The value of a metric of a command."""
    field = metric.WhichOneof("value")
    return None if field is None else getattr(metric, field)
