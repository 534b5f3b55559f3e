package main

import (
	"os"
	"os/exec"
	"path/filepath"
)

// process is a program that runs until it is killed.
type process struct {
	command *exec.Cmd
	log     *os.File
	ended   chan struct{}
}

// launch starts a program of the folder bin; what it prints goes to a log in dir.
func launch(bin, dir, name, logName string, args ...string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(dir, logName+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	command := exec.Command(filepath.Join(bin, name), args...)
	command.Stdout, command.Stderr = log, log
	command.Dir = dir
	if err := command.Start(); err != nil {
		log.Close()
		return nil, err
	}
	p := &process{command: command, log: log, ended: make(chan struct{})}
	go func() {
		command.Wait()
		log.Close()
		close(p.ended)
	}()
	return p, nil
}

// kill ends it as a power cut would, and returns once it is gone.
func (p *process) kill() {
	p.command.Process.Kill()
	<-p.ended
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}
