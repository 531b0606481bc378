package campaign

import (
	"slices"

	"drydock/internal/fault"
	"drydock/internal/fleet"
)

// Path gives the releases to be loaded one after another to bring a device from
// a version to the wanted release: the fewest, and of those with the same
// number the first by id. A device that runs the wanted version has the wanted
// release alone: its run will find that nothing is needed.
func Path(wanted fleet.Release, all []fleet.Release, driver, model, version string) ([]fleet.ReleaseID, error) {
	direct := wanted.Fits(driver, model, version)
	if direct == nil {
		return []fleet.ReleaseID{wanted.ID}, nil
	}
	if err := wanted.FitsModel(driver, model); err != nil {
		return nil, err
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b fleet.Release) int { return compare(a.ID, b.ID) })
	type stop struct {
		version string
		path    []fleet.ReleaseID
	}
	seen := map[string]bool{version: true}
	for queue := []stop{{version: version}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at.path != nil && wanted.Fits(driver, model, at.version) == nil {
			return append(slices.Clone(at.path), wanted.ID), nil
		}
		for _, r := range all {
			if r.Version != "" && !seen[r.Version] && r.ID != wanted.ID && r.Fits(driver, model, at.version) == nil {
				seen[r.Version] = true
				queue = append(queue, stop{r.Version, append(slices.Clone(at.path), r.ID)})
			}
		}
	}
	return nil, fault.New(fault.Conflict, "", "release "+string(wanted.ID), "there is no way to it from version %s through the releases that are known: %w", version, direct)
}

func compare(a, b fleet.ReleaseID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
