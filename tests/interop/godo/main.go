// SPDX-License-Identifier: MIT

// A tour of the images with godo: main URL TOKEN. What it saw is printed as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/digitalocean/godo"
	"golang.org/x/oauth2"
)

type report struct {
	IDs          []int  `json:"ids"`
	UserIDs      []int  `json:"user_ids"`
	SlugID       int    `json:"slug_id"`
	DeletedAgain int    `json:"deleted_again"`
	CustomStatus string `json:"custom_status"`
	Snapshot     int    `json:"snapshot"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Follows the links as godo's users do.
func all(list func(*godo.ListOptions) ([]godo.Image, *godo.Response, error)) []int {
	var ids []int
	options := &godo.ListOptions{PerPage: 2}
	for {
		images, response, err := list(options)
		check(err)
		for _, image := range images {
			ids = append(ids, image.ID)
		}
		if response.Links == nil || response.Links.IsLastPage() {
			break
		}
		page, err := response.Links.CurrentPage()
		check(err)
		options.Page = page + 1
	}
	sort.Ints(ids)
	return ids
}

func wait(ctx context.Context, client *godo.Client, image int, action *godo.Action) {
	for action.Status == godo.ActionInProgress {
		time.Sleep(50 * time.Millisecond)
		var err error
		action, _, err = client.ImageActions.Get(ctx, image, action.ID)
		check(err)
	}
	if action.Status != godo.ActionCompleted {
		check(fmt.Errorf("action %d ended as %s", action.ID, action.Status))
	}
}

// Takes a snapshot of a Droplet, waits for its action, and tags what the Droplet's list shows then.
func snapshot(ctx context.Context, client *godo.Client, droplet int) int {
	action, _, err := client.DropletActions.Snapshot(ctx, droplet, "by godo")
	check(err)
	for action.Status == godo.ActionInProgress {
		time.Sleep(50 * time.Millisecond)
		action, _, err = client.DropletActions.Get(ctx, droplet, action.ID)
		check(err)
	}
	images, _, err := client.Droplets.Snapshots(ctx, droplet, nil)
	check(err)
	if len(images) != 1 || images[0].Name != "by godo" {
		check(fmt.Errorf("snapshots: %v", images))
	}
	tag, _, err := client.Tags.Create(ctx, &godo.TagCreateRequest{Name: "go"})
	check(err)
	resources := []godo.Resource{{ID: fmt.Sprint(images[0].ID), Type: godo.ImageResourceType}}
	_, err = client.Tags.TagResources(ctx, tag.Name, &godo.TagResourcesRequest{Resources: resources})
	check(err)
	tag, _, err = client.Tags.Get(ctx, "go")
	check(err)
	if tag.Resources.Images.Count != 1 {
		check(fmt.Errorf("tag: %v", tag))
	}
	return images[0].ID
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: os.Args[2]})
	client, err := godo.New(oauth2.NewClient(ctx, token), godo.SetBaseURL(os.Args[1]+"/"))
	check(err)
	var seen report

	seen.IDs = all(func(o *godo.ListOptions) ([]godo.Image, *godo.Response, error) { return client.Images.List(ctx, o) })
	seen.UserIDs = all(func(o *godo.ListOptions) ([]godo.Image, *godo.Response, error) { return client.Images.ListUser(ctx, o) })
	bySlug, _, err := client.Images.GetBySlug(ctx, "debian-12-x64")
	check(err)
	seen.SlugID = bySlug.ID

	action, _, err := client.ImageActions.Transfer(ctx, 10, &godo.ActionRequest{"type": "transfer", "region": "nyc3"})
	check(err)
	wait(ctx, client, 10, action)
	action, _, err = client.ImageActions.Convert(ctx, 11)
	check(err)
	wait(ctx, client, 11, action)
	_, _, err = client.Images.Update(ctx, 10, &godo.ImageUpdateRequest{Name: "by-go"})
	check(err)

	_, err = client.Images.Delete(ctx, 12)
	check(err)
	response, err := client.Images.Delete(ctx, 12)
	if err != nil && response != nil {
		seen.DeletedAgain = response.StatusCode
	}
	custom, _, err := client.Images.Create(ctx, &godo.CustomImageCreateRequest{Name: "c", Url: "http://h/c.img", Region: "nyc3"})
	check(err)
	seen.CustomStatus = custom.Status
	seen.Snapshot = snapshot(ctx, client, 1)
	check(json.NewEncoder(os.Stdout).Encode(seen))
}
