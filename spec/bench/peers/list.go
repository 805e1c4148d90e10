// list - Go's net/http and encoding/json, several pages at once.
//
//	list JOB URL PAGE_SIZE WINDOW      JOB: list, list3
//
// Replies are decoded from the stream into structs that name the members which
// the job visits: the usual way, and the cheapest that the standard library
// has.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

type login struct {
	IntegrationID string `json:"integration_id"`
	UserID        string `json:"user_id"`
}

type contributor struct {
	ID               string            `json:"id"`
	OrgUUID          string            `json:"org_uuid"`
	FullName         string            `json:"full_name"`
	Email            string            `json:"email"`
	Logins           []login           `json:"integration_user_ids"`
	AdditionalFields map[string]string `json:"additional_fields"`
	Version          string            `json:"version"`
	CreatedAt        int64             `json:"created_at"`
	UpdatedAt        int64             `json:"updated_at"`
}

type three struct {
	ID       string `json:"id"`
	FullName string `json:"full_name"`
	Email    string `json:"email"`
}

type visited interface{ visit() int64 }

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	check(err)
	return n
}

func named(s string) int64 {
	if s != "" {
		return 1
	}
	return 0
}

func (r *contributor) visit() int64 {
	sum := number(r.ID) + int64(len(r.OrgUUID)+len(r.Email)+len(r.AdditionalFields["region"])) +
		named(r.FullName) + r.CreatedAt%1000 + r.UpdatedAt%1000
	for _, l := range r.Logins {
		sum += number(l.IntegrationID) + int64(len(l.UserID))
	}
	return sum
}

func (r *three) visit() int64 { return number(r.ID) + int64(len(r.Email)) + named(r.FullName) }

type reply[T any] struct {
	Records  []T `json:"records"`
	Metadata struct {
		Total int `json:"total_count"`
	} `json:"_metadata"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "list:", err)
		os.Exit(1)
	}
}

type job[T any, P interface {
	*T
	visited
}] struct {
	client   *http.Client
	url      string
	pageSize int
}

// get answers how many records the page has, their sum, and the total.
func (j job[T, P]) get(page int) (int64, int64, int) {
	body := fmt.Sprintf(`{"page":%d,"page_size":%d,"filter":{}}`, page, j.pageSize)
	request, err := http.NewRequest("POST", j.url, strings.NewReader(body))
	check(err)
	request.Header.Set("x-api-key", "bench-key")
	request.Header.Set("Content-Type", "application/json")
	response, err := j.client.Do(request)
	check(err)
	defer response.Body.Close()
	var r reply[T]
	check(json.NewDecoder(response.Body).Decode(&r))
	var sum int64
	for i := range r.Records {
		sum += P(&r.Records[i]).visit()
	}
	return int64(len(r.Records)), sum, r.Metadata.Total
}

func (j job[T, P]) run(window int) {
	var mutex sync.Mutex
	var group sync.WaitGroup
	n, sum, total := j.get(0)
	next, pages := 1, (total+j.pageSize-1)/j.pageSize
	for w := 0; w < window; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				mutex.Lock()
				page := next
				next++
				mutex.Unlock()
				if page >= pages {
					return
				}
				count, s, _ := j.get(page)
				mutex.Lock()
				n, sum = n+count, sum+s
				mutex.Unlock()
			}
		}()
	}
	group.Wait()
	fmt.Printf("records %d sum %d\n", n, sum)
}

func main() {
	pageSize, err := strconv.Atoi(os.Args[3])
	check(err)
	window, err := strconv.Atoi(os.Args[4])
	check(err)
	url := os.Args[2] + "/v1/org/users/list"
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: window}}
	if os.Args[1] == "list3" {
		job[three, *three]{client, url, pageSize}.run(window)
	} else {
		job[contributor, *contributor]{client, url, pageSize}.run(window)
	}
}
