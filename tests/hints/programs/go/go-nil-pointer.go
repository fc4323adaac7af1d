package main

import "fmt"

type pupil struct {
	id   int
	name string
}

func find(all []pupil, id int) *pupil {
	for i := range all {
		if all[i].id == id {
			return &all[i]
		}
	}
	return nil
}

func main() {
	class := []pupil{{1, "Ola"}, {2, "Per"}}
	var id int
	fmt.Scan(&id)
	found := find(class, id)
	fmt.Println(found.name)
}
