"""Vault tokens on each database: one token a value, whoever asks first."""

from concurrent.futures import ThreadPoolExecutor

from affidavit.log.vault import SqlVault, reveal


def test_writers_at_once_agree_on_every_token(log):
    values = [f"S-{n}" for n in range(500)]

    def make(turn):
        vault = SqlVault(log.database, log.tenant.id, log.keys)
        asked = values[turn:] + values[:turn]
        return dict(zip(asked, vault.get_or_create_many("subject", asked), strict=True))

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(make, (0, 100, 200, 300))
    assert all(other == first for other in others)
    assert len(set(first.values())) == 500
    assert reveal(log, [first["S-7"]], "a test of vaults") == {first["S-7"]: ("subject", "S-7")}
