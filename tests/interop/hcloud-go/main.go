// SPDX-License-Identifier: MIT

// A tour of the images with hcloud-go: main ENDPOINT TOKEN. What it saw is printed as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/hetznercloud/hcloud-go/hcloud"
)

type report struct {
	IDs            []int  `json:"ids"`
	Missing        bool   `json:"missing"`
	ProtectedError string `json:"protected_error"`
	Created        int    `json:"created"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func wait(ctx context.Context, client *hcloud.Client, action *hcloud.Action) {
	_, failed := client.Action.WatchProgress(ctx, action)
	check(<-failed)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client := hcloud.NewClient(hcloud.WithEndpoint(os.Args[1]), hcloud.WithToken(os.Args[2]),
		hcloud.WithPollInterval(50*time.Millisecond))
	var seen report

	images, err := client.Image.AllWithOpts(ctx, hcloud.ImageListOpts{ListOpts: hcloud.ListOpts{PerPage: 2}, IncludeDeprecated: true})
	check(err)
	for _, image := range images {
		seen.IDs = append(seen.IDs, int(image.ID)) // int64 in later versions
	}
	sort.Ints(seen.IDs)

	none, _, err := client.Image.GetByID(ctx, 99)
	check(err)
	seen.Missing = none == nil

	snapshot, _, err := client.Image.GetByID(ctx, 10)
	check(err)
	_, _, err = client.Image.Update(ctx, snapshot, hcloud.ImageUpdateOpts{Labels: map[string]string{"by": "go"}})
	check(err)
	action, _, err := client.Image.ChangeProtection(ctx, snapshot, hcloud.ImageChangeProtectionOpts{Delete: hcloud.Bool(true)})
	check(err)
	wait(ctx, client, action)
	_, err = client.Image.Delete(ctx, snapshot)
	if problem, ok := err.(hcloud.Error); ok {
		seen.ProtectedError = string(problem.Code)
	}

	backup, _, err := client.Image.GetByID(ctx, 11)
	check(err)
	_, _, err = client.Image.Update(ctx, backup, hcloud.ImageUpdateOpts{Type: hcloud.ImageTypeSnapshot})
	check(err)

	server, _, err := client.Server.GetByName(ctx, "web-1")
	check(err)
	description := "by go"
	made, _, err := client.Server.CreateImage(ctx, server, &hcloud.ServerCreateImageOpts{Type: hcloud.ImageTypeSnapshot, Description: &description})
	check(err)
	wait(ctx, client, made.Action)
	seen.Created = int(made.Image.ID)
	check(json.NewEncoder(os.Stdout).Encode(seen))
}
