"""The hash helpers against published vectors."""

import pytest
from kvindex_client.hashing import local_hashes, sequence_hashes

LOCAL = [14643705804678351452, 16777012769546811212, 483935686894639516, 135165725823939817]
SEQUENCE = [14643705804678351452, 4945711292740353085, 12583592247330656132, 1921452330601040443]


def test_local_hashes():
    assert local_hashes(range(1, 33), 16) == [16863443419780771464, 2287610619914608821]
    assert local_hashes(list(range(1, 17)), 4) == LOCAL
    assert local_hashes([0, 1, 2, 3], 4) == [9143094415614847814]


@pytest.mark.parametrize(
    "tokens, options, want",
    [
        ([0, 1, 2, 3], {"lora_name": "adapter-a"}, 6665157333201000639),
        ([0, 1, 2, 3], {"cache_salt": "tenant-a"}, 17009624042690211646),
        ([0, 1, 2, 3], {"lora_name": "adapter-a", "cache_salt": "tenant-a"}, 8269515957840517240),
        ([1, 2, 3, 4], {"lora_name": "alpha-7b"}, 16548428770143335509),
    ],
)
def test_adapter_and_salt(tokens, options, want):
    assert local_hashes(tokens, 4, **options) == [want]


def test_only_whole_blocks_count():
    assert local_hashes(range(1, 20), 16) == [16863443419780771464]
    assert local_hashes(range(1, 16), 16) == []
    assert local_hashes([], 16) == []
    with pytest.raises(ValueError):
        local_hashes([1], 0)


def test_bigrams_cover_the_next_token():
    want = [5959138341449004422, 13917772031453556700]
    assert local_hashes(range(10, 15), 2, bigrams=True) == want
    assert local_hashes(range(10, 14), 2, bigrams=True) == want[:1]


def test_sequence_hashes():
    assert sequence_hashes(LOCAL) == SEQUENCE
    assert sequence_hashes([11, 22, 33]) == [11, 750553365844651409, 3257565445809651757]
    assert sequence_hashes([-1583300653928780152, 2287610619914608821])[1] == 12466389667045779788
    assert sequence_hashes([]) == []
