package main

import (
	"archive/tar"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
)

func archivePath(dir, name string) string { return filepath.Join(dir, name+".tar.zst") }

// writeArchive packs files into NAME.tar.zst, under a folder of that name. It comes into being
// whole or not at all.
func writeArchive(dir, name string, files map[string][]byte) error {
	target := archivePath(dir, name)
	partial := target + ".partial"
	defer os.Remove(partial)
	zstd := exec.Command("zstd", "-q", "-f", "-19", "--single-thread", "-o", partial)
	zstd.Stderr = os.Stderr
	pipe, err := zstd.StdinPipe()
	if err != nil {
		return err
	}
	if err := zstd.Start(); err != nil {
		return err
	}
	archive := tar.NewWriter(pipe)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: path.Join(name, file), Mode: 0o644, Size: int64(len(files[file]))}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(files[file]); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	if err := pipe.Close(); err != nil {
		return err
	}
	if err := zstd.Wait(); err != nil {
		return err
	}
	return os.Rename(partial, target)
}
