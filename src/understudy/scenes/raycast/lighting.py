"""Light on surfaces: sun with soft shadows, sky with ambient occlusion, mirrored surroundings, lamps.

Reflection is that of Lambert below Fresnel's layer (Schlick's), and of microfacets (Walter et al., "Microfacet models for refraction",
2007: GGX). No surface gives back more than it receives. The unit is sunlit white.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from understudy.scenes.raycast.sky import reflected_sky

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
ROUGH, DULL = 0.08, 0.42
"""Roughness between which mirrors are rough: below they are sharp, above they show nothing."""


@numba.njit(cache=True, error_model="numpy")
def interleaved(x, y):  # type: ignore[no-untyped-def]
    """Noise in 0 .. 1 whose neighbours differ (Jimenez, "Next generation post processing in Call of Duty", 2014)."""
    first = 0.06711056 * x + 0.00583715 * y
    second = 52.9829189 * (first - np.floor(first))
    return second - np.floor(second)


@numba.njit(cache=True, error_model="numpy")
def sun_rays(made, places, sun, width, which, spread):  # type: ignore[no-untyped-def]
    """Rays to places on the sun's disk from those of N surfaces that face it: which, origins, directions."""
    count = made.shape[0]
    rays, origins, directions = np.empty(count, np.int32), np.empty((count, 3)), np.empty((count, 3))
    ax, ay, az = -sun[1], sun[0], 0.0
    length = max(np.sqrt(ax * ax + ay * ay), 1e-9)
    ax, ay = ax / length, ay / length
    bx, by, bz = sun[1] * az - sun[2] * ay, sun[2] * ax - sun[0] * az, sun[0] * ay - sun[1] * ax
    used = 0
    for n in range(count):
        if made[n, 17] <= 0:
            continue
        facing = made[n, 18] * sun[0] + made[n, 19] * sun[1] + made[n, 20] * sun[2]
        if made[n, 21] <= 0 and (facing <= 0 or made[n, 11] * sun[0] + made[n, 12] * sun[1] + made[n, 13] * sun[2] <= 0):
            continue
        pixel = which[n]
        x, y = pixel % width, pixel // width
        radius = spread * np.sqrt(interleaved(x + 0.5, y + 17.5))
        angle = 6.2831853 * interleaved(x + 47.5, y + 3.5)
        c, s = radius * np.cos(angle), radius * np.sin(angle)
        lift = 1e-3 + 0.3 * made[n, 17]
        lift = min(lift, 0.02) if facing > 0 else -min(lift, 0.02)
        for i in range(3):
            origins[used, i] = places[n, i] + lift * made[n, 18 + i]
        directions[used, 0], directions[used, 1], directions[used, 2] = sun[0] + c * ax + s * bx, sun[1] + c * ay + s * by, sun[2] + s * bz
        rays[used] = n
        used += 1
    return rays[:used], origins[:used], directions[:used]


@numba.njit(cache=True, error_model="numpy")
def same_surface(made, distance, n, m, share):  # type: ignore[no-untyped-def]
    alike = made[n, 18] * made[m, 18] + made[n, 19] * made[m, 19] + made[n, 20] * made[m, 20]
    return alike > 0.95 and abs(distance[m] - distance[n]) < share * distance[n] + 6 * made[n, 17]


@numba.njit(cache=True, error_model="numpy")
def softened(sunlit, made, distance, height, width, reach):  # type: ignore[no-untyped-def]
    """Penumbras without their grain: means over pixels of the same surface up to `reach` away, where light and shadow meet."""
    out = sunlit.copy()
    for y in range(height):
        for x in range(width):
            n = y * width + x
            top, bottom, left, right = max(y - reach, 0), min(y + reach, height - 1), max(x - reach, 0), min(x + reach, width - 1)
            corners = (
                sunlit[top * width + left] + sunlit[top * width + right] + sunlit[bottom * width + left] + sunlit[bottom * width + right]
            )
            edges = sunlit[top * width + x] + sunlit[bottom * width + x] + sunlit[y * width + left] + sunlit[y * width + right]
            if corners + edges == 8 * sunlit[n] or made[n, 17] <= 0 or made[n, 21] > 0:
                continue
            total, weights = 0.0, 0.0
            for j in range(top, bottom + 1):
                for i in range(left + (left + j + x + y) % 2, right + 1, 2):  # as on a chessboard
                    m = j * width + i
                    if made[m, 17] > 0 and same_surface(made, distance, n, m, 0.01):
                        total += sunlit[m]
                        weights += 1.0
            out[n] = total / max(weights, 1.0)
    return out


@numba.njit(cache=True, error_model="numpy")
def mirrors_softened(mirrored, is_mirrored, made, distance, height, width):  # type: ignore[no-untyped-def]
    """What rough mirrors show, as `softened`, and where it is known: every second pixel learns it from its neighbours alone. Sharp ones
    keep theirs."""
    out, known = mirrored.copy(), is_mirrored.copy()
    near = np.empty((made.shape[0], 5), np.float32)  # roughness, normal, distance: together in memory
    for n in range(made.shape[0]):
        near[n, 0], near[n, 4] = made[n, 3], distance[n]
        near[n, 1], near[n, 2], near[n, 3] = made[n, 18], made[n, 19], made[n, 20]
    for y in range(height):
        for x in range(width):
            n = y * width + x
            rough = near[n, 0]
            if rough <= ROUGH or rough >= DULL or made[n, 17] <= 0 or made[n, 6] > 0.2 or made[n, 14] > 0.2:
                continue
            nx, ny, nz, away = near[n, 1], near[n, 2], near[n, 3], near[n, 4]
            room = np.float32(0.05) * away + 6 * made[n, 17]
            r, g, b, weights = 0.0, 0.0, 0.0, 0.0
            for j in range(max(y - 2, 0), min(y + 3, height)):
                side = 2 if abs(j - y) < 2 else 1
                for i in range(max(x - side, 0), min(x + side + 1, width)):
                    m = j * width + i
                    if not is_mirrored[m] or abs(near[m, 0] - rough) >= 0.12 or abs(near[m, 4] - away) >= room:
                        continue
                    if nx * near[m, 1] + ny * near[m, 2] + nz * near[m, 3] > 0.95:
                        r, g, b, weights = r + mirrored[m, 0], g + mirrored[m, 1], b + mirrored[m, 2], weights + 1
            if weights > 0:
                out[n, 0], out[n, 1], out[n, 2] = r / weights, g / weights, b / weights
                known[n] = True
    return out, known


@numba.njit(cache=True, error_model="numpy")
def hemisphere_rays(made, places, distance, height, width, rays, least, most):  # type: ignore[no-untyped-def]
    """Rays around the normals of every second pixel of every second row, `rays` each, by the cosine: cell, origins, directions, limits."""
    rows, columns = (height + 1) // 2, (width + 1) // 2
    count = rows * columns * rays
    cells, origins, directions, limits = np.empty(count, np.int32), np.empty((count, 3)), np.empty((count, 3)), np.empty(count)
    used = 0
    for row in range(rows):
        for column in range(columns):
            n = min(2 * row, height - 1) * width + min(2 * column, width - 1)
            if made[n, 17] <= 0:
                continue
            nx, ny, nz = made[n, 18], made[n, 19], made[n, 20]
            sign = 1.0 if nz >= 0 else -1.0
            a = -1.0 / (sign + nz)
            b = nx * ny * a
            start, turn = interleaved(column + 0.5, row + 0.5), interleaved(column + 71.5, row + 29.5)
            limit = min(max(0.2 * distance[n], least), most)
            lift = min(1e-3 + 0.5 * made[n, 17], 0.03)
            for k in range(rays):
                share = (start + k * 0.7548776662466927) % 1.0
                angle = 6.2831853 * ((turn + k * 0.5698402909980532) % 1.0)
                radius, up = np.sqrt(share), np.sqrt(1 - share)
                x, y = radius * np.cos(angle), radius * np.sin(angle)
                directions[used, 0] = x * (1 + sign * nx * nx * a) + y * b + up * nx
                directions[used, 1] = x * sign * b + y * (sign + ny * ny * a) + up * ny
                directions[used, 2] = -x * sign * nx + -y * ny + up * nz
                origins[used, 0], origins[used, 1], origins[used, 2] = (
                    places[n, 0] + lift * nx,
                    places[n, 1] + lift * ny,
                    places[n, 2] + lift * nz,
                )
                cells[used], limits[used] = row * columns + column, limit
                used += 1
    return cells[:used], origins[:used], directions[:used], limits[:used]


@numba.njit(cache=True, error_model="numpy")
def openness(cells, blocked, rays, made, distance, height, width):  # type: ignore[no-untyped-def]  # noqa: C901
    """(H * W,) share of the hemisphere that is open: averaged over neighbours on the same surface (an edge-avoiding filter, Dammertz et
    al., 2010), then brought to every pixel in the same way."""
    rows, columns = (height + 1) // 2, (width + 1) // 2
    raw = np.ones(rows * columns)
    for k in range(cells.shape[0]):
        if blocked[k]:
            raw[cells[k]] -= 1.0 / rays
    cell = np.empty((rows * columns, 5))  # normal, distance, footprint: together in memory
    for row in range(rows):
        for column in range(columns):
            n = min(2 * row, height - 1) * width + min(2 * column, width - 1)
            for i in range(3):
                cell[row * columns + column, i] = made[n, 18 + i]
            cell[row * columns + column, 3], cell[row * columns + column, 4] = distance[n], made[n, 17]
    for step, reach in ((1, 2), (3, 1)):
        smooth = raw.copy()
        for row in range(rows):
            for column in range(columns):
                n = row * columns + column
                if cell[n, 4] <= 0:
                    continue
                total, weights = 0.0, 0.0
                near = cell[n, 3]
                for j in range(-reach, reach + 1):
                    other_row = row + j * step
                    if other_row < 0 or other_row >= rows:
                        continue
                    for i in range(-reach, reach + 1):
                        other_column = column + i * step
                        if other_column < 0 or other_column >= columns:
                            continue
                        m = other_row * columns + other_column
                        if cell[m, 4] <= 0:
                            continue
                        alike = cell[n, 0] * cell[m, 0] + cell[n, 1] * cell[m, 1] + cell[n, 2] * cell[m, 2]
                        if alike < 0.9 or abs(cell[m, 3] - near) > 0.06 * near * step + 8 * cell[n, 4]:
                            continue
                        weight = (3.0 - abs(i)) * (3.0 - abs(j))
                        total += weight * raw[m]
                        weights += weight
                smooth[n] = total / weights
        raw = smooth
    made_open = np.ones(height * width)
    for y in range(height):
        for x in range(width):
            n = y * width + x
            if made[n, 17] <= 0:
                continue
            nx, ny, nz, near, room = made[n, 18], made[n, 19], made[n, 20], distance[n], 0.06 * distance[n] + 8 * made[n, 17]
            total, weights = 0.0, 0.0
            for row in range(y // 2, min((y + 1) // 2, rows - 1) + 1):
                for column in range(x // 2, min((x + 1) // 2, columns - 1) + 1):
                    m = row * columns + column
                    weight = 1e-4
                    if cell[m, 4] > 0:
                        alike = nx * cell[m, 0] + ny * cell[m, 1] + nz * cell[m, 2]
                        if alike > 0.8 and abs(cell[m, 3] - near) < room:
                            weight = 1.0
                    total += weight * raw[m]
                    weights += weight
            made_open[n] = total / weights
    return made_open


@numba.njit(cache=True, error_model="numpy")
def mirror_rays(made, places, directions, which, width, least):  # type: ignore[no-untyped-def]
    """Rays along the mirrored direction of those of N surfaces that reflect at least `least`: which, origins, directions. Of rough mirrors
    every second pixel has one, as on a chessboard."""
    count = made.shape[0]
    rays, origins, mirrored = np.empty(count, np.int32), np.empty((count, 3)), np.empty((count, 3))
    used = 0
    for n in range(count):
        if made[n, 17] <= 0:
            continue
        sharp = made[n, 3] <= ROUGH or made[n, 6] > 0.2 or made[n, 14] > 0.2
        if not sharp and (made[n, 3] >= DULL or (which[n] % width + which[n] // width) % 2):
            continue
        nx, ny, nz = np.float64(made[n, 11]), np.float64(made[n, 12]), np.float64(made[n, 13])
        dx, dy, dz = directions[n, 0], directions[n, 1], directions[n, 2]
        cosine = max(-(nx * dx + ny * dy + nz * dz), 0.02)
        fresnel = (1 - cosine) ** 5
        strength = made[n, 5] * (1 - made[n, 4]) + made[n, 4] * 0.6
        strength = max(strength + (1 - strength) * fresnel * (1 - made[n, 3]), made[n, 6] * (0.04 + 0.96 * fresnel))
        if made[n, 14] > 0.2:
            strength = max(strength, 0.06 + 0.94 * fresnel)
        if strength < least:
            continue
        rough = 0.0 if made[n, 6] > 0.2 or made[n, 14] > 0.2 else np.float64(made[n, 3])
        if rough > 0.08:
            x, y = which[n] % width, which[n] // width
            nx += 0.7 * rough * rough * (2 * interleaved(x + 0.5, y + 9.5) - 1)
            ny += 0.7 * rough * rough * (2 * interleaved(x + 33.5, y + 61.5) - 1)
            length = np.sqrt(nx * nx + ny * ny + nz * nz)
            nx, ny, nz = nx / length, ny / length, nz / length
            cosine = max(-(nx * dx + ny * dy + nz * dz), 0.02)
        mx, my, mz = dx + 2 * cosine * nx, dy + 2 * cosine * ny, dz + 2 * cosine * nz
        under = mx * made[n, 18] + my * made[n, 19] + mz * made[n, 20]
        if under < 0.01:
            mx, my, mz = mx + (0.01 - under) * made[n, 18], my + (0.01 - under) * made[n, 19], mz + (0.01 - under) * made[n, 20]
        length = np.sqrt(mx * mx + my * my + mz * mz)
        mirrored[used, 0], mirrored[used, 1], mirrored[used, 2] = mx / length, my / length, mz / length
        lift = min(2e-3 + 0.5 * made[n, 17], 0.02)
        for i in range(3):
            origins[used, i] = places[n, i] + lift * made[n, 18 + i]
        rays[used] = n
        used += 1
    return rays[:used], origins[:used], mirrored[:used]


@numba.njit(cache=True, error_model="numpy")
def ambient(up, side, down, nz, channel):  # type: ignore[no-untyped-def]
    square = nz * nz
    return side[channel] * (1 - square) + (up[channel] if nz > 0 else down[channel]) * square


@numba.njit(cache=True, error_model="numpy")
def lobe(normal_half, normal_light, normal_eye, light_half, roughness, f0):  # type: ignore[no-untyped-def]
    """GGX, times π and the cosine to the light, for light in the unit of sunlit white."""
    a = max(roughness * roughness, 2e-3)
    square = a * a
    base = normal_half * normal_half * (square - 1) + 1
    spread = square / (base * base)
    k = a / 2
    shadowing = 1 / ((normal_light * (1 - k) + k) * (normal_eye * (1 - k) + k))
    fresnel = f0 + (1 - f0) * (1 - light_half) ** 5
    return min(spread * shadowing * fresnel * 0.25 * normal_light, 30.0)


@numba.njit(cache=True, error_model="numpy")
def shade(made, directions, light, up, side, down, maps, sunlit, opened, mirrored, is_mirrored, lamps, lamps_gloss):  # type: ignore[no-untyped-def]  # noqa: C901
    """(N, 3) light that N surfaces send to the eye. sunlit: share of the sun seen; opened: of the hemisphere; mirrored: (N, 3) light along
    the mirrored ray where `is_mirrored`; lamps, lamps_gloss: (N, 3) or (1, 3) light of lamps, for the matt and the glossy part."""
    count = made.shape[0]
    out, sky, coat_sky = np.zeros((count, 3)), np.zeros(3), np.zeros(3)
    sx, sy, sz = light[0], light[1], light[2]
    has_sun = max(light[3], light[4], light[5]) > 1e-4
    for n in range(count):
        if made[n, 17] <= 0:
            continue
        nx, ny, nz = np.float64(made[n, 11]), np.float64(made[n, 12]), np.float64(made[n, 13])
        dx, dy, dz = directions[n, 0], directions[n, 1], directions[n, 2]
        eye = max(-(nx * dx + ny * dy + nz * dz), 0.02)
        rough, metal, f0, coat, glass = np.float64(made[n, 3]), made[n, 4], made[n, 5], made[n, 6], made[n, 14]
        grazing = (1 - eye) * (1 - eye)
        grazing *= grazing * (1 - eye)
        reach, gloss, coat_gloss = 0.0, 0.0, 0.0
        if has_sun and sunlit[n] > 0:
            facing = nx * sx + ny * sy + nz * sz
            reach = max(facing, 0.0) * sunlit[n]
            if facing < 0 and made[n, 21] > 0:  # through the leaf
                reach = -0.55 * facing * sunlit[n]
            elif reach > 0:
                hx, hy, hz = sx - dx, sy - dy, sz - dz
                length = np.sqrt(hx * hx + hy * hy + hz * hz)
                hx, hy, hz = hx / length, hy / length, hz / length
                half, towards = max(nx * hx + ny * hy + nz * hz, 0.0), max(sx * hx + sy * hy + sz * hz, 0.0)
                cosine = max(nx * sx + ny * sy + nz * sz, 1e-3)
                gloss = lobe(half, cosine, eye, towards, max(rough, 0.06), f0 * (1 - metal) + metal) * sunlit[n]
                if coat > 0 or glass > 0:
                    coat_gloss = lobe(half, cosine, eye, towards, 0.06, 0.04) * max(coat, glass) * sunlit[n]
        mx, my, mz = dx + 2 * eye * nx, dy + 2 * eye * ny, dz + 2 * eye * nz
        if rough < 0.7 or metal > 0:
            reflected_sky(maps, down, mx, my, mz, rough, sky)
        else:
            for c in range(3):
                sky[c] = ambient(up, side, down, mz, c)
        open_gloss = min(max(opened[n] + (opened[n] - 1) * 0.5 * (1 - rough), 0.05), 1.0)
        smooth = 1 - rough
        layer = max(coat, glass)
        coated = layer * (0.04 + 0.96 * grazing)
        if layer > 0:
            reflected_sky(maps, down, mx, my, mz, 0.02, coat_sky)
        m = n if lamps.shape[0] > 1 else 0
        for c in range(3):
            color = min(np.float64(made[n, c]), 0.95)
            tint = f0 * (1 - metal) + color * metal
            mirror = tint + max(smooth - tint, 0.0) * grazing
            mirror *= 1 - 0.55 * rough
            matt = color * (1 - metal) * (1 - f0 - (1 - f0) * grazing * smooth * 0.9) * (1 - 0.93 * glass)
            seen = opened[n]
            seen = seen / (1 - color * 0.7 * (1 - seen))  # light that comes back from what hides the sky
            diffuse = matt * (light[3 + c] * reach + ambient(up, side, down, nz, c) * seen + lamps[m, c])
            around = sky[c] * open_gloss
            if is_mirrored[n]:
                sharp = max(1 - rough * 1.2, 0.3) if layer < 0.2 else 0.0
                around = around * (1 - sharp) + mirrored[n, c] * sharp
            value = diffuse + mirror * around + (tint if metal > 0 else 1.0) * light[3 + c] * gloss
            value += lamps_gloss[m, c]
            if layer > 0:
                value *= 1 - coated
                value += coated * (mirrored[n, c] if is_mirrored[n] else coat_sky[c] * open_gloss) + light[3 + c] * coat_gloss
            out[n, c] = value + made[n, 7 + c]
    return out


@numba.njit(cache=True, error_model="numpy")
def reach_of(lamps, k, x, y, z, least):  # type: ignore[no-untyped-def]
    """How much of lamp k arrives at a place, before the angle to the surface, and the unit direction to it; 0 for less than `least`."""
    dx, dy, dz = lamps[k, 0] - x, lamps[k, 1] - y, lamps[k, 2] - z
    square = dx * dx + dy * dy + dz * dz + 1e-4
    if lamps[k, 12] < least * (square + 0.02):
        return 0.0, 0.0, 0.0, 0.0, 0.0
    ahead, begins = -(dx * lamps[k, 6] + dy * lamps[k, 7] + dz * lamps[k, 8]), lamps[k, 10]
    if begins >= 0 and (ahead <= 0 or ahead * ahead <= 0.9999 * begins * begins * square):
        return 0.0, 0.0, 0.0, 0.0, 0.0
    strength = 1 / (square + 0.02)
    distance = np.sqrt(square)
    dx, dy, dz = dx / distance, dy / distance, dz / distance
    cosine = -(dx * lamps[k, 6] + dy * lamps[k, 7] + dz * lamps[k, 8])
    if cosine <= lamps[k, 10]:
        return 0.0, 0.0, 0.0, 0.0, 0.0
    inside = min((cosine - lamps[k, 10]) / max(lamps[k, 11] - lamps[k, 10], 1e-6), 1.0)
    return strength * inside * inside * (3 - 2 * inside), dx, dy, dz, distance


@numba.njit(cache=True, error_model="numpy")
def lamps_rank(made, places, lamps, step):  # type: ignore[no-untyped-def]
    """How much each lamp gives to the picture, from every `step`th surface."""
    rank = np.zeros(lamps.shape[0])
    for n in range(0, made.shape[0], step):
        if made[n, 17] > 0:
            for k in range(lamps.shape[0]):
                strength, dx, dy, dz, _ = reach_of(lamps, k, places[n, 0], places[n, 1], places[n, 2], 0.0)
                cosine = made[n, 11] * dx + made[n, 12] * dy + made[n, 13] * dz
                rank[k] += strength / (strength + 0.004) * max(cosine, 0.0) * (lamps[k, 3] + lamps[k, 4] + lamps[k, 5])
    return rank


@numba.njit(cache=True, error_model="numpy")
def lamps_level(made, places, lamps, step):  # type: ignore[no-untyped-def]
    """Light of lamps that surfaces get, the mean of every `step`th."""
    total, count = 0.0, 1
    for n in range(0, made.shape[0], step):
        if made[n, 17] > 0:
            for k in range(lamps.shape[0]):
                strength, dx, dy, dz, _ = reach_of(lamps, k, places[n, 0], places[n, 1], places[n, 2], 0.0)
                cosine = made[n, 11] * dx + made[n, 12] * dy + made[n, 13] * dz
                total += strength / (1 + 20 * strength) * max(cosine, 0.0) * max(lamps[k, 3], lamps[k, 4], lamps[k, 5])
            count += 1
    return total / count


@numba.njit(cache=True, error_model="numpy")
def lamp_rays(made, places, lamps, k, least):  # type: ignore[no-untyped-def]
    """Rays to lamp k from the surfaces that it lights with at least `least`: which, origins, directions, limits."""
    count = made.shape[0]
    rays, origins, directions, limits = np.empty(count, np.int32), np.empty((count, 3)), np.empty((count, 3)), np.empty(count)
    used = 0
    power = max(lamps[k, 3], lamps[k, 4], lamps[k, 5])
    for n in range(count):
        strength, dx, dy, dz, distance = reach_of(lamps, k, places[n, 0], places[n, 1], places[n, 2], least)
        if strength * power < least or made[n, 17] <= 0 or made[n, 11] * dx + made[n, 12] * dy + made[n, 13] * dz <= 0:
            continue
        for i in range(3):
            origins[used, i] = places[n, i] + min(2e-3 + 0.5 * made[n, 17], 0.02) * made[n, 18 + i]
        directions[used, 0], directions[used, 1], directions[used, 2] = dx, dy, dz
        rays[used], limits[used] = n, max(distance - 0.25, 0.01)
        used += 1
    return rays[:used], origins[:used], directions[:used], limits[:used]


@numba.njit(cache=True, error_model="numpy")
def lamp_light(made, places, directions, lamps, visible, order, least):  # type: ignore[no-untyped-def]
    """(N, 3) light of all lamps for the matt part, and what the glossy and the retroreflecting part send to the eye. visible: (S, N) of the
    lamps at `order`[:S]; the others are taken as unhidden. Less than `least` counts for nothing."""
    count = made.shape[0]
    matt, gloss = np.zeros((count, 3)), np.zeros((count, 3))
    shadowed = visible.shape[0]
    for n in range(count):
        if made[n, 17] <= 0:
            continue
        nx, ny, nz = np.float64(made[n, 11]), np.float64(made[n, 12]), np.float64(made[n, 13])
        ex, ey, ez = -directions[n, 0], -directions[n, 1], -directions[n, 2]
        eye = max(nx * ex + ny * ey + nz * ez, 0.02)
        rough = max(np.float64(made[n, 3]), 0.1)
        f0 = made[n, 5] * (1 - made[n, 4]) + made[n, 4] * 0.7
        for position in range(order.shape[0]):
            if position < shadowed and not visible[position, n]:
                continue
            k = order[position]
            x, y, z = places[n, 0], places[n, 1], places[n, 2]
            if nx * (lamps[k, 0] - x) + ny * (lamps[k, 1] - y) + nz * (lamps[k, 2] - z) <= 0:
                continue
            strength, dx, dy, dz, _ = reach_of(lamps, k, x, y, z, least)
            if strength <= 0:
                continue
            cosine = nx * dx + ny * dy + nz * dz
            if cosine <= 0:
                continue
            hx, hy, hz = dx + ex, dy + ey, dz + ez
            length = max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-9)
            shine = lobe(
                max((nx * hx + ny * hy + nz * hz) / length, 0.0), cosine, eye, max((dx * hx + dy * hy + dz * hz) / length, 0.0), rough, f0
            )
            back = 0.0
            if made[n, 10] > 0:
                back = 25 * made[n, 10] * max(dx * ex + dy * ey + dz * ez, 0.0) ** 300
            for c in range(3):
                arriving = strength * lamps[k, 3 + c]
                matt[n, c] += arriving * cosine
                gloss[n, c] += arriving * (shine + back * made[n, c])
    return matt, gloss


@numba.njit(cache=True, error_model="numpy")
def through_air(colors, distance, directions, light, down, extinction, layer):  # type: ignore[no-untyped-def]
    """Adds what fog and haze take and give, in place. extinction: (3,) per m; layer: m, how high the fog reaches above the eye."""
    for n in range(colors.shape[0]):
        way = distance[n]
        x, y, z = directions[n, 0], directions[n, 1], directions[n, 2]
        if not np.isfinite(way):
            way = 3e4
        if z > 0:
            way = min(way, layer / max(z, 1e-3))
        near = max(x * light[0] + y * light[1] + z * light[2], 0.0)
        halo = 0.12 * near**4 + 0.25 * near**24
        for c in range(3):
            left = np.exp(-extinction[c] * way)
            if left > 0.9999:
                continue
            air = 0.9 * light[9 + c] * (1 - 0.0) + 0.1 * light[6 + c] + halo * light[12 + c]
            colors[n, c] = colors[n, c] * left + air * (1 - left)
