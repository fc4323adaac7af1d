#include <stdio.h>
#include <stdlib.h>

struct node {
    int value;
    struct node *next;
};

int main(void)
{
    int n;
    struct node *head = NULL;
    scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        struct node *fresh = malloc(sizeof *fresh);
        fresh->value = i;
        fresh->next = head;
        head = fresh;
    }
    struct node *p = head;
    while (p->next->value != 99)
        p = p->next;
    printf("%d\n", p->value);
    return 0;
}
