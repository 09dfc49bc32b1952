import vtkMapper from '@kitware/vtk.js/Rendering/Core/Mapper.js';
import vtkActor from '@kitware/vtk.js/Rendering/Core/Actor.js';
import vtkRenderer from '@kitware/vtk.js/Rendering/Core/Renderer.js';
import { describe, expect, it } from 'vitest';
import { clustered, createCoarseSurfaces } from '../../../src/volume/surface/coarse-surface.js';
import { polyDataOf } from '../../../src/volume/surfaces.js';

/** A ball of 30 mm around a place, its values the height. @param {number} steps around it */
function ball(steps, at = [0, 0, 0]) {
  const [points, corner, values] = [[], [], []];
  for (let i = 0; i <= steps; i += 1)
    for (let j = 0; j < 2 * steps; j += 1) {
      const [polar, around] = [(Math.PI * i) / steps, (Math.PI * j) / steps];
      const unit = [Math.sin(polar) * Math.cos(around), Math.sin(polar) * Math.sin(around), Math.cos(polar)];
      points.push(...unit.map((x, n) => at[n] + 30 * x));
      values.push(30 * unit[2]);
      const [here, next] = [2 * steps * i + j, 2 * steps * i + ((j + 1) % (2 * steps))];
      if (i < steps) corner.push(here, here + 2 * steps, next, next, here + 2 * steps, next + 2 * steps);
    }
  return { points: Float32Array.from(points), corner: Uint32Array.from(corner), values: Float32Array.from(values) };
}

describe('a surface of few triangles', () => {
  const full = ball(80);
  const few = clustered(full, 3);

  it('has a tenth of them, on the same ball, with the same values', () => {
    expect(few.corner.length).toBeLessThan(full.corner.length / 5);
    for (let n = 0; n < few.points.length; n += 3) {
      expect(Math.abs(Math.hypot(...few.points.slice(n, n + 3)) - 30)).toBeLessThan(0.6);
      expect(few.values?.[n / 3]).toBeCloseTo(few.points[n + 2], 3);
    }
  });

  it('names no point that is not there, and no triangle twice the same corner', () => {
    expect(Math.max(...few.corner)).toBeLessThan(few.points.length / 3);
    for (let t = 0; t < few.corner.length; t += 3) expect(new Set(few.corner.slice(t, t + 3)).size).toBe(3);
  });

  it('is found far from the origin, on both sides of it', () => {
    const far = clustered(ball(40, [-900, 700, -1500]), 3);
    expect(far.corner.length).toBeGreaterThan(1000);
    expect(Math.hypot(far.points[0] + 900, far.points[1] - 700, far.points[2] + 1500)).toBeCloseTo(30, 0);
  });

  it('without values has none', () => {
    expect(clustered({ ...full, values: null }).values).toBeNull();
  });
});

describe('copies of surfaces', () => {
  /** @param {number} steps */
  function surface(steps) {
    const actor = vtkActor.newInstance();
    const mapper = vtkMapper.newInstance({ scalarVisibility: true });
    mapper.setInputData(polyDataOf(ball(steps)));
    actor.setMapper(mapper);
    return actor;
  }

  it('stand in for them while wanted, and are made once', () => {
    const renderer = vtkRenderer.newInstance();
    const coarse = createCoarseSurfaces(renderer);
    const one = surface(20);
    expect(coarse.show([one], true, false)).toEqual([one]);
    const [, copy] = coarse.show([one], true, true);
    expect([one.getVisibility(), copy.getVisibility()]).toEqual([false, true]);
    expect(coarse.show([one], true, false)).toEqual([one, copy]);
    expect([one.getVisibility(), copy.getVisibility()]).toEqual([true, false]);
    expect(coarse.show([one], false, true)).toEqual([one, copy]);
    expect([one.getVisibility(), copy.getVisibility()]).toEqual([false, false]);
    expect(copy.getProperty()).toBe(one.getProperty());
    expect(renderer.getActors()).toEqual([copy]);
  });

  it('are made anew of a changed surface, and go with it', () => {
    const renderer = vtkRenderer.newInstance();
    const coarse = createCoarseSurfaces(renderer);
    const one = surface(20);
    const [, copy] = coarse.show([one], true, true);
    one.getMapper()?.setInputData(polyDataOf(ball(24)));
    const [, other] = coarse.show([one], true, true);
    expect(other).not.toBe(copy);
    expect(renderer.getActors()).toEqual([other]);
    expect(coarse.show([], true, true)).toEqual([]);
    expect(renderer.getActors()).toEqual([]);
  });
});
