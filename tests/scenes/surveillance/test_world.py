"""The surveillance world: events last exactly as long as the motion shows them."""

import numpy as np
import pytest

from understudy.core.random import Stream
from understudy.scenes.generator import Scenes
from understudy.scenes.models.people import LINKS
from understudy.scenes.spec.draws import Draws
from understudy.scenes.surveillance.events import APART, LEFT
from understudy.scenes.surveillance.settings import EVENTS, PLACES, SurveillanceSettings
from understudy.scenes.surveillance.world import Surveillance
from understudy.scenes.world import Video


def shot(frames=1, renderer="none", rate=4, seed=0, **settings):
    cameras = {"sensor": {"width": 160, "height": 120}, **settings.pop("cameras", {})}
    made = Scenes(
        {
            "understudy": "scenes/1", "world": "surveillance", "renderer": renderer, "labels": "fast",
            "video": {"frames": frames, "rate": rate}, "settings": {"people": 3, "cameras": cameras, **settings},
        }
    )  # fmt: skip
    return made.block(seed)[0]


def paths(made):
    return made.arrays["people/times"], made.arrays["people/position"]


def during(made):
    event = made.events[0]
    return (paths(made)[0] >= event["start"] - 1e-6) & (paths(made)[0] <= event["end"] + 1e-6)


@pytest.mark.parametrize(("place", "event"), [(PLACES[number % len(PLACES)], event) for number, event in enumerate(EVENTS)])
def test_every_event_happens_and_nobody_runs_into_anybody(place, event):
    made = shot(place=place, event=event)
    assert {one["kind"] for one in made.events} == ({event} - {"none"})
    position = paths(made)[1]
    for one in range(position.shape[1]):
        for other in range(one):
            assert np.linalg.norm(position[:, one] - position[:, other], axis=1).min() > APART


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", ["crowded", "occlusion"])
def test_many_people_find_their_ways_in_every_place(place, case):
    made = Scenes(
        {
            "understudy": "scenes/1", "world": "surveillance", "renderer": "none", "labels": "fast",
            "settings": {"place": place, "event": "none", "cameras": {"sensor": {"width": 64, "height": 48}}},
        }
    ).sample(1, seed=5, given={"edge_case": case})[0]  # fmt: skip
    position = paths(made)[1]
    assert position.shape[1] >= (12 if case == "crowded" else 8)
    apart = np.linalg.norm(position[:, :, None] - position[:, None], axis=-1) + 9 * np.eye(position.shape[1])
    assert apart.min() > APART
    walked = np.linalg.norm(np.diff(position, axis=0), axis=-1).sum(axis=0)
    assert (walked > 3.0).mean() > 0.6, "most walk about"
    if case == "occlusion":
        assert made.frames[0].view.pose[2, 3] == pytest.approx(2.5)


def test_a_crowd_gathers_between_the_pillars_of_a_lobby():
    settings = SurveillanceSettings(place="lobby", event="crowd", crowd=14, people=12)
    for seed in range(3):
        scene = Surveillance().scene(settings, Video(), Draws(Stream(seed), settings))
        assert [row["kind"] for row in scene.events] == ["crowd"]


def test_the_head_of_who_falls_comes_down_in_the_interval():
    settings = SurveillanceSettings(place="square", event="fall", people=0)
    scene = Surveillance().scene(settings, Video(), Draws(Stream(1), settings))
    fall = scene.events[0]
    head = next(body for body in scene.bodies if body.track == 1).links[LINKS.index("head")].motion
    begins = float(scene.times[0]) + fall["start"]
    assert head.at(begins - 0.2)[2, 3] > 1.2
    assert head.at(begins + 1.2)[2, 3] < 0.5
    assert head.at(float(scene.times[0]) + fall["end"])[2, 3] < 0.5


def test_an_intruder_is_in_the_zone_exactly_in_the_interval():
    made = shot(place="car-park", event="intrusion")
    corners = np.array(made.meta["zones"][0]["polygon_m"])
    position = paths(made)[1][:, 0]
    inside = ((position >= corners.min(axis=0)) & (position <= corners.max(axis=0))).all(axis=1)
    np.testing.assert_array_equal(inside, during(made))


def test_nobody_else_enters_the_zone():
    made = shot(place="square", event="none", people=8)
    corners = np.array(made.meta["zones"][0]["polygon_m"])
    position = paths(made)[1]
    assert not ((position >= corners.min(axis=0)) & (position <= corners.max(axis=0))).all(axis=-1).any()


def test_a_loiterer_stays_within_the_radius():
    made = shot(place="square", event="loitering")
    away = np.linalg.norm(paths(made)[1][:, 0] - made.events[0]["place"], axis=1)
    assert away.max() <= made.events[0]["radius"]
    assert np.ptp(paths(made)[1][:, 0]) > 0.5


def test_an_abandoned_bag_lies_still_while_its_owner_is_away():
    made = shot(place="square", event="abandoned-bag", frames=12, rate=1, people=0)
    event = made.events[0]
    owner, bag = event["tracks"]
    position = paths(made)[1]
    places = {f.time - made.frames[0].time: i.center for f in made.frames for i in f.instances if i.track == bag}
    late = [np.asarray(c) for t, c in places.items() if event["start"] <= t <= event["end"]]
    assert late, "the bag is never seen"
    np.testing.assert_allclose(late, np.broadcast_to(late[0], np.shape(late)), atol=1e-6)
    away = np.linalg.norm(position[during(made)][:, owner - 1] - late[0][:2], axis=1)
    assert away.min() > LEFT - 0.05


def test_a_crowd_is_where_it_is_said_to_be():
    made = shot(place="square", event="crowd", crowd=8)
    near = np.linalg.norm(paths(made)[1][:, :8] - made.events[0]["place"], axis=-1) < made.events[0]["radius"]
    assert (near.sum(axis=1)[during(made)] >= 6).all()


def test_a_person_more_changes_no_other():
    few, many = shot(place="square", event="fall", people=3), shot(place="square", event="fall", people=6)
    np.testing.assert_array_equal(paths(few)[1], paths(many)[1][:, :4])


def test_the_same_item_is_the_same_again():
    one, two = (shot(place="shop", event="running", renderer="raycast") for _ in range(2))
    np.testing.assert_array_equal(one.frames[0].image, two.frames[0].image)


def test_cameras_see_by_all_bands_and_a_dome_looks_down():
    made = shot(place="lobby", event="none", cameras={"band": "infrared", "fixed": 2, "dome": True}, renderer="raycast")
    assert {frame.camera for frame in made.frames} == {"camera_0", "camera_1", "dome"}
    assert made.frames[0].image.ndim == 2, "infrared pictures are grey"
    assert np.ptp(made.frames[0].image) > 40


def test_under_a_ceiling_neither_the_hour_nor_the_weather_is_told():
    made = Scenes(
        {
            "understudy": "scenes/1", "world": "surveillance", "renderer": "none",
            "settings": {"place": "lobby", "people": 2, "cameras": {"sensor": {"width": 160, "height": 120}}},
        }
    ).block(0)[0]  # fmt: skip
    frame = made.frames[0]
    assert (frame.conditions["time_of_day"], frame.conditions["weather"]) == ("indoors", "none")
    assert "sun_elevation_deg" not in frame.conditions
    assert not any(word in frame.caption for word in ("day", "night", "sky", "rain"))
