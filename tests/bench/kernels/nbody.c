/* nbody.c - Jovian planets, the integrator of the Benchmarks Game: chains of double arithmetic. */
#include "kernel.h"

#define BODIES 5
typedef struct body {
  double x, y, z, vx, vy, vz, mass;
} body;

static const body start[BODIES] = {
    {0, 0, 0, 0, 0, 0, 39.47841760435743},
    {4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01, 0.606326392995832,
     2.81198684491626, -0.02521836165988763, 0.03769367487038949},
    {8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01,
     -1.0107743461787924, 1.8256623712304119, 0.008415761376584154, 0.011286326131968767},
    {1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01,
     1.0827910064415354, 0.8687130181696082, -0.010832637401363636, 0.0017237240570597112},
    {1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01, 0.979090732243898,
     0.5946989986476762, -0.034755955504078104, 0.0020336868699246304}};
static body bodies[BODIES];

static void advance(double dt) {
  for (u32 i = 0; i < BODIES; i++) {
    body *a = &bodies[i];
    for (u32 j = i + 1; j < BODIES; j++) {
      body *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double square = dx * dx + dy * dy + dz * dz;
      double force = dt / (square * __builtin_sqrt(square));
      a->vx -= dx * b->mass * force;
      a->vy -= dy * b->mass * force;
      a->vz -= dz * b->mass * force;
      b->vx += dx * a->mass * force;
      b->vy += dy * a->mass * force;
      b->vz += dz * a->mass * force;
    }
  }
  for (u32 i = 0; i < BODIES; i++) {
    bodies[i].x += dt * bodies[i].vx;
    bodies[i].y += dt * bodies[i].vy;
    bodies[i].z += dt * bodies[i].vz;
  }
}

KERNEL(nbody) {
  double sum = 0;
  for (u32 i = 0; i < BODIES; i++) {
    bodies[i] = start[i];
  }
  for (u32 i = 0; i < n; i++) {
    advance(0.01);
  }
  for (u32 i = 0; i < BODIES; i++) {
    sum += bodies[i].x * bodies[i].y + bodies[i].z;
  }
  return (u32)(long long)(sum * 1e6);
}
