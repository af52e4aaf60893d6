"""The generator of faces: a wish is a mixture of bands, and what is wished matters."""

from __future__ import annotations

import pytest
import torch

from engine.networks.faces import BANDS, GENDERS, WISHES, FaceGenerator, wish


@pytest.mark.parametrize("years", [0, 1.5, 2, 10, 25, 31, 64.5, 80, 120])
@pytest.mark.parametrize("gender", range(GENDERS))
def test_a_wish_is_one_age_and_one_gender(years: float, gender: int) -> None:
    found = wish(years, gender)
    assert found.shape == (WISHES,)
    assert found.min() >= 0
    assert found[: len(BANDS)].sum() == pytest.approx(1)
    assert int(found[len(BANDS) :].argmax()) == gender
    assert found[len(BANDS) :].sum() == 1


def test_the_years_of_a_wish_grow_with_the_years() -> None:
    middles = torch.tensor([1.5, 6.5, 15, 25, 35, 45, 55, 65, 80])
    for years in (1.5, 4.0, 12.0, 33.0, 60.0, 72.0, 80.0):
        assert float((wish(years)[: len(BANDS)] * middles).sum()) == pytest.approx(years, abs=1e-4)


def test_faces_follow_the_wish_and_the_latent() -> None:
    torch.manual_seed(0)
    network = FaceGenerator(8, [8, 4]).eval()
    latents = torch.randn(2, 8, 1, 1)
    plain = network(latents, wish(30).expand(2, -1)[:, :, None, None])
    assert plain.shape == (2, 3, 16, 16)
    assert plain.abs().max() <= 1
    assert not torch.equal(plain[0], plain[1])
    torch.testing.assert_close(plain, network(latents, wish(70).expand(2, -1)[:, :, None, None]))  # learned nothing yet
    with torch.no_grad():
        network.get_parameter("norms.0.scale.bands.weight")[-1] = 1.0
    assert not torch.equal(plain, network(latents, wish(80).expand(2, -1)[:, :, None, None]))
    torch.testing.assert_close(plain, network(latents, wish(30).expand(2, -1)[:, :, None, None]))
