// Bilinear interpolation of a grid of `grid0` x `grid0` positions to `grid1` x `grid1`, align_corners = false.

// Along one axis: the two neighbours of a target and how far it is from the first to the second.
struct Neighbours { low: u32, high: u32, share: f32 }

fn neighbours(target_place: u32, grid0: u32, grid1: u32) -> Neighbours {
    let place = max((f32(target_place) + 0.5) * f32(grid0) / f32(grid1) - 0.5, 0.0);
    let before = min(u32(place), grid0 - 1u);
    return Neighbours(before, min(before + 1u, grid0 - 1u), place - f32(before));
}

// The weight of a source in a target, along one axis.
fn weight(at: Neighbours, place: u32) -> f32 {
    return f32(u32(place == at.low)) * (1.0 - at.share) + f32(u32(place == at.high)) * at.share;
}
